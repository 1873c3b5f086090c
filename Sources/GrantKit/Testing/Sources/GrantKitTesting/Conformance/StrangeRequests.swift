// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends strange values to an endpoint, wherever anybody can send them.
enum StrangeRequests {
    private struct Strange {
        let place: String
        let text: String
        let call: TestCall
    }

    private static let headerNames = [
        "accept-language", "if-match", "if-none-match", "origin", "referer", "user-agent",
    ]

    static func check(_ subject: EndpointCase) async throws {
        let (plugin, call) = try await subject.request()
        let (_, endpoint) = try await subject.load()
        let strange =
            parameters(endpoint, call) + variables(endpoint, call) + headers(call) + documents(endpoint, call)
        for sent in strange {
            let reply = try await subject.reply(plugin, sent.call, "a strange \(sent.place)")
            try check(reply, sent)
        }
    }

    // MARK: requests

    private static func parameters(_ endpoint: any Endpoint, _ call: TestCall) -> [Strange] {
        endpoint.parameters.flatMap { parameter in
            HostileText.all.filter { $0.utf8.count <= parameter.longest }.map { text in
                var other = call
                other.parameters = call.parameters.replacing(parameter.name, with: text)
                return Strange(place: "parameter '\(parameter.name)'", text: text, call: other)
            }
        }
    }

    private static func variables(_ endpoint: any Endpoint, _ call: TestCall) -> [Strange] {
        let path = TestPath(of: endpoint.route)
        guard !path.names.isEmpty else { return [] }
        return HostileText.all.map { text in
            var other = call
            other.path = path.filled(with: text.percentEncoded)
            return Strange(place: "path", text: text, call: other)
        }
    }

    private static func headers(_ call: TestCall) -> [Strange] {
        // HTTP itself refuses control characters in headers.
        let texts = HostileText.all.filter { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
        return headerNames.flatMap { header in
            texts.map { text in
                var other = call
                other.headers = call.headers.filter { $0.name != header } + [(name: header, value: text)]
                return Strange(place: "header '\(header)'", text: text, call: other)
            }
        }
    }

    private static func documents(_ endpoint: any Endpoint, _ call: TestCall) -> [Strange] {
        guard case .json = endpoint.body, let good = call.document else { return [] }
        let shapes: [JSON] = [.null, .bool(true), .integer(.min), .number(1e300), .array([]), .array([.null]), [:]]
        return shapes.map { strange($0, "", call) }
            + HostileText.all.flatMap { text in documents(good, text).map { strange($0, text, call) } }
    }

    private static func strange(_ document: JSON, _ text: String, _ call: TestCall) -> Strange {
        var other = call
        other.document = document
        return Strange(place: "document", text: text, call: other)
    }

    private static func documents(_ good: JSON, _ text: String) -> [JSON] {
        let members = good.members.map { member in
            var changed = good
            changed[member.name] = .string(text)
            return changed
        }
        return [.string(text), .object([JSON.Member(text, .string(text))])] + members
    }

    // MARK: replies

    private static func check(_ reply: Reply, _ sent: Strange) throws {
        switch reply {
        case .refused(let error):
            try expect(
                !error.description.utf8.holds(HostileText.mark),
                "the refusal repeats what was sent as \(sent.place): '\(error.description)'")
            try check(error.headers.map(\.value), sent)
        case .answered(let answer):
            try check(answer.headers.map(\.value), sent)
            guard case .file(let bytes, mediaType: _) = answer.response.content else { return }
            try expect(
                isHarmless(sent.text) || !bytes.holds(sent.text),
                "a file repeats what was sent as \(sent.place) as it was sent: escape it")
        }
    }

    private static func check(_ values: [String], _ sent: Strange) throws {
        for value in values where !isHarmless(sent.text) {
            try expect(
                !value.utf8.holds(sent.text),
                "a header repeats what was sent as \(sent.place) as it was sent: leave it out, or encode it with "
                    + "percentEncoded")
        }
    }

    /// Whether a string means nothing special anywhere.
    private static func isHarmless(_ text: String) -> Bool {
        text.percentEncoded == text
    }
}
