// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension JSON {
    /// The value of a member that must be there.
    func required<Value>(_ name: String, _ read: (JSON) throws -> Value?) throws -> Value {
        guard let value = try self[name].flatMap(read) else { throw FormError("'\(name)' is missing or malformed") }
        return value
    }

    /// A list of pairs, as parameters and headers are: names may be repeated.
    static func pairs(_ pairs: [(name: String, value: String)]) -> JSON {
        .array(pairs.map { .strings([$0.name, $0.value]) })
    }

    var pairs: [(name: String, value: String)] {
        elements.compactMap { pair in
            let parts = pair.strings
            return parts.count == 2 ? (name: parts[0], value: parts[1]) : nil
        }
    }
}

extension AccessLimits: JSONForm {
    init(form: JSON) throws {
        self.init(
            scope: Scope(form["scope"]?.strings ?? []), audience: form["audience"]?.strings ?? [],
            notAfter: form["not_after"]?.integer.map(Timestamp.init(seconds:)),
            mayRefresh: form["may_refresh"]?.bool ?? false)
    }

    var form: JSON {
        var form: JSON = ["scope": .strings(scope.words), "audience": .strings(audience)]
        form["not_after"] = (notAfter?.seconds).map(JSON.integer)
        form["may_refresh"] = mayRefresh ? true : nil
        return form
    }
}

extension OAuthError: JSONForm {
    init(form: JSON) throws {
        self.init(
            Code(rawValue: try form.required("code", \.string)), form["description"]?.string ?? "",
            reason: form["reason"]?.string, status: form["status"]?.integer.flatMap(Int.init(exactly:)))
        for header in form["headers"]?.pairs ?? [] { headers[header.name] = header.value }
    }

    var form: JSON {
        var form: JSON = ["code": .string(code.rawValue), "description": .string(description)]
        form["reason"] = reason.map(JSON.string)
        form["status"] = status.map { .integer(Int64($0)) }
        let sorted = headers.sorted { $0.key < $1.key }
        form["headers"] = sorted.isEmpty ? nil : .pairs(sorted.map { (name: $0.key, value: $0.value) })
        return form
    }
}

extension Client: JSONForm {
    init(form: JSON) throws {
        self.init(
            id: try form.required("id", \.string), isPublic: try form.required("public", \.bool),
            grants: Set(form["grants"]?.strings ?? []), scope: Scope(form["scope"]?.strings ?? []),
            document: form["document"] ?? [:])
    }

    var form: JSON {
        [
            "id": .string(id), "public": .bool(isPublic), "grants": .strings(grants.sorted()),
            "scope": .strings(scope.words), "document": document,
        ]
    }
}
