// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension OutboundRequest: JSONForm {
    package init(form: JSON) throws {
        self.init(
            try form.required("method", \.string), try form.required("url", \.string),
            body: Array((form["body"]?.string ?? "").utf8))
        headers = form["headers"]?.pairs ?? []
        if let milliseconds = form["within_ms"]?.integer { limit = .milliseconds(max(1, milliseconds)) }
    }

    /// The form, whose body is text: bytes that are not UTF-8 are replaced.
    package var form: JSON {
        .present([
            ("method", .string(method)), ("url", .string(url)), ("headers", .pairs(headers)),
            ("body", body.isEmpty ? nil : .string(String(decoding: body, as: UTF8.self))),
            ("within_ms", limit.map { .integer(Int64($0.milliseconds)) }),
        ])
    }
}

extension OutboundReply: JSONForm {
    package init(form: JSON) throws {
        self.init(
            status: Int(clamping: try form.required("status", \.integer)), headers: form["headers"]?.pairs ?? [],
            body: Array((form["body"]?.string ?? "").utf8))
    }

    /// The form, whose body is text: bytes that are not UTF-8 are replaced.
    package var form: JSON {
        [
            "status": .integer(Int64(status)), "headers": .pairs(headers),
            "body": .string(String(decoding: body, as: UTF8.self)),
        ]
    }
}
