// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for flows of the authorization endpoint.
enum FlowRules {
    static let all: [Rule] = [
        Rule(.flow, "its response type and its parameters are words", forEach(names)),
        Rule(.flow, "it responds to the request that it is meant for", forEach(responds)),
        Rule(.flow, "what it adds does not hide what the server adds", forEach(members)),
        Rule(.flow, "an access token is never in the query", forEach(fragment)),
        Rule(.flow, "strange or missing parameters are refused with an OAuth error, or granted", forEach(strange)),
        Rule(.flow, "a request that it will refuse is refused before anyone signs in", forEach(early)),
        Rule(.flow, "it responds even if the user does not allow all scope values", forEach(unticked)),
        Rule(.flow, "it writes nothing itself: what it changes is in the issuance", forEach(writesNothing)),
        Rule(.flow, "what the client has to keep secret is not in the store", forEach(keepsDigests)),
        Rule(.flow, "a hundred requests at once each get their own response", forEach(atOnce)),
        Rule(.flow, "if the store fails, it does not respond, and works again later", forEach(storeFails)),
        Rule(.flow, "a cancelled authorization ends, and the next one is answered", forEach(cancelled)),
    ]

    private static func forEach(
        _ check: @escaping @Sendable (FlowCase) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for flow in try subject.registry().flows { try await check(FlowCase(subject: subject, word: flow.word)) }
        }
    }

    // MARK: one request

    private static func names(_ subject: FlowCase) async throws {
        let flow = try await subject.load().flow
        let grant = flow.grant
        let names = [flow.word, grant.wire, grant.key] + grant.aliases + flow.combinesWith.sorted()
        for name in names { try Word.check(name, "name") }
        for parameter in flow.parameters { try Word.check(parameter.name, "parameter") }
    }

    private static func responds(_ subject: FlowCase) async throws {
        let (plugin, parameters) = try await subject.request()
        let response = try await subject.response("the request", plugin, parameters)
        guard case .failure(let error) = response else { return }
        throw ConformanceFailure(
            "the request with \(parameters.all.map(\.name)) is \(error.sentence): give a request that it grants with "
                + "authorizing(\"\(subject.word)\") or as the examples of its parameters")
    }

    /// RFC 6749 section 4.1.2, RFC 9207 section 2.
    private static let ownMembers = ["state", "iss", "error", "error_description", "error_uri", "response"]

    private static func members(_ subject: FlowCase) async throws {
        guard let (_, response) = try await subject.good() else { return }
        for name in response.members.members.map(\.name) {
            try Word.check(name, "response member")
            try expect(
                !ownMembers.contains(name), "it adds '\(name)', which belongs to the server: choose another name")
        }
    }

    private static func fragment(_ subject: FlowCase) async throws {
        let flow = try await subject.load().flow
        let response = try await subject.good()?.response
        try expect(
            flow.delivery == .fragment || !flow.issuesAccessToken && response?["access_token"] == nil,
            "it returns an access token in the query, which servers and proxies log: set its delivery to .fragment")
    }

    /// All requests with one strange value, and those in which one parameter is missing.
    private static func changed(
        _ subject: FlowCase, _ check: (TestPlugin, Parameters, String) async throws -> Void
    ) async throws {
        let (plugin, good) = try await subject.request()
        let flow = try await subject.load().flow
        for parameter in flow.parameters {
            let missing = Parameters(good.all.filter { $0.name != parameter.name })
            try await check(plugin, missing, "a request without '\(parameter.name)'")
            for text in HostileText.all where text.utf8.count <= parameter.longest {
                try await check(plugin, good.replacing(parameter.name, with: text), "a strange '\(parameter.name)'")
            }
        }
    }

    private static func strange(_ subject: FlowCase) async throws {
        try await changed(subject) { plugin, parameters, what in
            _ = try await subject.response(what, plugin, parameters)
        }
    }

    private static func early(_ subject: FlowCase) async throws {
        try await changed(subject) { plugin, parameters, what in
            let asked = try await subject.result(what) { try await subject.ask(plugin, parameters) }
            guard case .success(let request) = asked else { return }
            guard case .failure(let error) = try await subject.result(what, { try await request.approve() }) else {
                return
            }
            throw ConformanceFailure(
                "\(what) is \(error.sentence), but only after the user has signed in and consented: refuse it in "
                    + "validate")
        }
    }

    private static func unticked(_ subject: FlowCase) async throws {
        let (plugin, parameters) = try await subject.request()
        guard
            case .success(let asked) = try await subject.result(
                "the request",
                {
                    try await subject.ask(plugin, parameters)
                })
        else { return }
        for word in asked.policy.limits.scope.words {
            _ = try await subject.result("a request of which the user allows '\(word)'") {
                try await asked.approve(only: [word])
            }
        }
    }

    private static func writesNothing(_ subject: FlowCase) async throws {
        let (plugin, parameters) = try await subject.request()
        let before = plugin.host.store.written.count
        guard case .success = try await subject.response("the request", plugin, parameters) else { return }
        let own = plugin.host.store.written.dropFirst(before)
        try expect(
            own.isEmpty,
            "it wrote to '\(own.first?.key?.collection ?? "")' with host.store.write: add the write with "
                + "issuance.alsoWrite, so that it is committed with the response or not at all")
    }

    /// The length from which a member is taken for a secret: 128 bits in base64url.
    private static let secret = 22

    private static func keepsDigests(_ subject: FlowCase) async throws {
        guard let (_, response) = try await subject.good() else { return }
        let values = response.members.members.filter { !["scope", "token_type"].contains($0.name) }
        for member in values where (member.value.string ?? "").utf8.count >= secret {
            for write in response.writes {
                let id = write.key?.id ?? ""
                var record = ""
                if case .create(let created) = write { record = created.value.text }
                let text = member.value.string ?? ""
                try expect(
                    id != text && !record.contains(text),
                    "the value of '\(member.name)' is in a record of '\(write.key?.collection ?? "")': keep its "
                        + "host.cryptography.digest instead, so that nobody can use what a copy of the store contains")
            }
        }
    }

    // MARK: many requests

    private static func atOnce(_ subject: FlowCase) async throws {
        guard try await subject.good() != nil else { return }
        let (plugin, flow) = try await subject.load()
        var requests: [Parameters] = []
        // A request may contain what can be used once.
        for _ in 0..<Many.count { requests.append(try await subject.subject.parameters(for: flow, of: plugin)) }
        let sent = requests
        let ends = try await Many.atOnce { number in
            try await subject.response("one of many requests at once", plugin, sent[number])
        }
        let count = ends.count { if case .success = $0 { true } else { false } }
        try expect(
            count == Many.count,
            "of \(Many.count) requests at once, \(count) are granted: a record that it creates needs a key of its own, "
                + "such as host.random(bytes: 16); and what can be used once, authorizing must make anew at each call")
    }

    // MARK: failures

    private static func storeFails(_ subject: FlowCase) async throws {
        let (counted, same) = try await subject.request()
        let before = counted.host.store.calls
        guard case .success = try await subject.response("the request", counted, same) else { return }
        for skipped in 0..<(counted.host.store.calls - before) {
            let (plugin, parameters) = try await subject.request()
            plugin.host.store.fail(after: skipped, count: 1)
            try await FailingStore.expectError("its call \(skipped + 1) of the store failed") {
                _ = try await subject.ask(plugin, parameters).approve()
            }
            guard case .failure(let next) = try await subject.response("the next request", plugin, parameters) else {
                continue
            }
            throw ConformanceFailure("after the store failed, the same request is \(next.sentence)")
        }
    }

    private static func cancelled(_ subject: FlowCase) async throws {
        let (plugin, parameters) = try await subject.request()
        guard case .success = try await subject.response("the request", plugin, parameters) else { return }
        let (other, same) = try await subject.request()
        let wasGranted = await CancelledTask.result { try await subject.ask(other, same).approve() } != nil
        let next = try await subject.response("a request after a cancelled one", other, same)
        guard case .failure(let error) = next, !wasGranted else { return }
        throw ConformanceFailure(
            "after a cancelled request, which granted nothing, the same request is \(error.sentence)")
    }
}
