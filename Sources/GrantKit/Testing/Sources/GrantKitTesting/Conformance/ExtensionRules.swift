// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for extensions of responses.
enum ExtensionRules {
    static let all: [Rule] = [
        Rule(.responseExtension, "its members are words, and none is a member of the server's own", names),
        Rule(.responseExtension, "it adds to every kind of response, or leaves it as it is", responds),
        Rule(.responseExtension, "it takes responses of the authorization endpoint too", authorizationEndpoint),
        Rule(.responseExtension, "it writes nothing itself: what it changes is in the writes of the response", quiet),
        Rule(.responseExtension, "a hundred responses at once are issued, each with its own records", atOnce),
        Rule(.responseExtension, "it can be asked again for a response that was not committed", again),
        Rule(.responseExtension, "strange values in what was granted do no harm", strange),
        Rule(.responseExtension, "if the store fails, nothing is issued without what it adds", storeFails),
    ]

    private static let own = ["access_token", "token_type", "expires_in", "scope"]

    /// A response that an extension may see.
    private struct Response {
        let what: String
        let request: TokenRequest
        let authorization: Authorization
    }

    /// Responses for every grant, client, subject and scope.
    private static func responses(of plugin: TestPlugin) async throws -> [Response] {
        let sample = try await SampleGrant(plugin)
        var all: [Response] = []
        for wire in sample.wires {
            for client in [try await sample.client(), try await sample.client("client-2", isPublic: true)] {
                for subject in [Subject.client(client.id), .user(SampleGrant.userID)] {
                    for scope in [client.scope, client.scope.filter { $0 == "read" }, []] {
                        let what = "the response to '\(wire)' for \(subject) with the scope '\(scope)'"
                        let authorization = sample.authorization(subject, scope: scope)
                        let request = sample.request(wire, from: client)
                        all.append(Response(what: what, request: request, authorization: authorization))
                    }
                }
            }
        }
        return all
    }

    private static func outcome(_ plugin: TestPlugin, _ response: Response) async throws -> Outcome {
        try await Outcome(response.what) {
            let token = try await plugin.token(granting: response.authorization, for: response.request)
            return token.authorization.subject
        }
    }

    /// A response with all scope for a user, to which most extensions add something.
    private static func full(_ plugin: TestPlugin) async throws -> Response {
        let sample = try await SampleGrant(plugin)
        let client = try await sample.client()
        let wire = sample.wires.first { $0 == "authorization_code" } ?? "authorization_code"
        return Response(
            what: "the response to '\(wire)' for a user", request: sample.request(wire, from: client),
            authorization: sample.authorization(.user(SampleGrant.userID), scope: client.scope))
    }

    private static func names(_ subject: PluginUnderTest) async throws {
        for name in try subject.registry().extensions.flatMap({ $0.members }) {
            try Word.check(name, "member")
            try expect(!own.contains(name), "the member '\(name)' belongs to the server: choose another name")
        }
    }

    // MARK: one response

    private static func responds(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        var refusals: [Outcome] = []
        let all = try await responses(of: plugin)
        for response in all {
            let outcome = try await outcome(plugin, response)
            if case .refused = outcome { refusals.append(outcome) }
        }
        try expect(
            refusals.count < all.count,
            "every response is refused, the last one so: \(refusals.last.map { "\($0)" } ?? ""); add nothing instead")
    }

    private static func authorizationEndpoint(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let sample = try await SampleGrant(plugin)
        let client = try await sample.client()
        let grant = GrantDeclaration("implicit", client: .identified)
        for scope in [client.scope, ["read"]] {
            let authorization = sample.authorization(.user(SampleGrant.userID), scope: scope)
            let request = AuthorizationRequest.test(from: client, words: ["token"], grants: [grant])
            var issuance = Issuance.test(
                authorization.asIssued(under: "implicit"), to: client, for: .authorization(request),
                at: plugin.host.clock.now, tokenID: "token-1")
            try issuance.add("access_token", "an-access-token")
            let begun = issuance
            _ = try await Outcome("a response of the authorization endpoint") {
                let extended = try await plugin.extended(begun)
                _ = try await plugin.host.store.commit(extended.writes, of: "a response")
                return authorization.subject
            }
        }
    }

    private static func quiet(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        for response in try await responses(of: plugin) { _ = try await outcome(plugin, response) }
        try expect(
            plugin.host.store.written.isEmpty,
            "it wrote to '\(plugin.host.store.written.first?.key?.collection ?? "")' with host.store.write: use "
                + "issuance.alsoWrite, so that the write is committed with the response or not at all")
    }

    // MARK: many responses

    private static func atOnce(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let response = try await full(plugin)
        guard case .granted = try await outcome(plugin, response) else { return }
        let sample = try await SampleGrant(plugin)
        let outcomes = try await Many.atOnce { number in
            var authorization = response.authorization
            authorization.grantID = "grant-\(number)"
            let other = Response(
                what: "one of many responses at once",
                request: sample.request("authorization_code", from: response.request.client),
                authorization: authorization)
            return try await outcome(plugin, other)
        }
        let refused = outcomes.first { if case .refused = $0 { true } else { false } }
        try expect(
            refused == nil,
            "of \(Many.count) responses at once, one is \(refused.map { "\($0)" } ?? ""): give each response records "
                + "of its own, such as with an id of host.random(bytes: 16)")
    }

    /// A server makes a response anew if another request has changed what it depends on.
    private static func again(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let response = try await full(plugin)
        let first = try await Outcome(response.what) {
            let authorization = response.authorization.asIssued(under: response.request.grant.key)
            return try await plugin.issue(authorization, for: response.request).authorization.subject
        }
        let second = try await outcome(plugin, response)
        try expect(
            first == second,
            "\(response.what) is \(first), and \(second) when it is made again after a conflict: keep nothing of a "
                + "response that is not in its writes")
    }

    private static func strange(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.load()
        let sample = try await SampleGrant(plugin)
        let client = try await sample.client()
        for (number, text) in HostileText.all.enumerated() {
            let user = "\(text) \(number)"
            plugin.host.users.add(SampleGrant.user(user))
            var authorization = sample.authorization(.user(user), scope: client.scope)
            authorization.sessionID = user
            authorization.acr = text
            authorization.amr = [text]
            authorization.claims = [text: .string(text)]
            authorization.actor = ["sub": .string(text)]
            authorization.attachments = [text: .string(text)]
            let granted = authorization
            let parameters: Parameters = ["nonce": text, "state": text, "resource": text]
            let request = sample.request("authorization_code", from: client, parameters)
            try await Harmless.check("a response for a strange user") {
                _ = try await plugin.token(granting: granted, for: request)
            }
        }
    }

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        try await FailingStore.during("a response") {
            let plugin = try await subject.load()
            let response = try await full(plugin)
            return Trial(plugin: plugin) {
                _ = try await plugin.token(granting: response.authorization, for: response.request)
            }
        }
    }
}
