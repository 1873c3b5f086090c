// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of flows, and flows without one.
enum FlowMutants {
    private static let names = "its response type and its parameters are words"
    private static let responds = "it responds to the request that it is meant for"
    private static let strange = "strange or missing parameters are refused with an OAuth error, or granted"

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a code", ClosureFlow.underTest(validate: here, respond: code)),
        ("an access token", ClosureFlow.underTest({ asToken(&$0) }) { _, _, _ in }),
        ("an answer to a ticket that can be used once", used),
        (
            "a statement about a token",
            ClosureFlow.underTest({ asToken(&$0) }) { issuance, _, host in
                let token = issuance["access_token"] ?? ""
                try issuance.add("token_digest", .string(host.cryptography.digest(token)))
            }
        ),
    ]

    private static func asToken(_ flow: inout ClosureFlow) {
        (flow.delivery, flow.issuesAccessToken) = (.fragment, true)
    }

    private static let here: ClosureFlow.Validate = { request, _ in
        guard request.parameters["place"] ?? "here" == "here" else {
            throw OAuthError(.invalidRequest, "'place' must be 'here'")
        }
    }

    private static func key(_ host: any PluginHost, _ code: String) -> StoreKey {
        StoreKey("ticket", host.cryptography.digest(code))
    }

    private static let code: ClosureFlow.Respond = { issuance, _, host in
        let code = host.random(bytes: 32)
        let record = StoreRecord(
            key(host, code), ["client": .string(issuance.client.id)], expiresAt: issuance.issuedAt + .seconds(60))
        issuance.alsoWrite(.create(record))
        try issuance.add("ticket", .string(code))
    }

    /// A flow that takes each place once.
    private static var used: PluginUnderTest {
        let flow = ClosureFlow.underTest(
            validate: { request, host in
                guard let place = request.parameters["place"],
                    try await host.store.read(key(host, place)) == nil
                else { throw OAuthError(.invalidRequest, "'place' is missing or taken") }
            },
            respond: { issuance, request, host in
                let place = request.parameters["place"] ?? ""
                let end = issuance.issuedAt + .seconds(60)
                issuance.alsoWrite(.create(StoreRecord(key(host, place), [:], expiresAt: end)))
            })
        return flow.authorizing("ticket") { plugin in ["place": plugin.host.lent.random(bytes: 16)] }
    }

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "its word has a space", breaks: names, says: "'my ticket' is not a word",
            ClosureFlow.underTest({ $0.word = "my ticket" }, respond: code)),
        Mutant(
            "a parameter has a quotation mark", breaks: names, says: "is not a word",
            ClosureFlow.underTest({ $0.parameters.append(ParameterDeclaration("a\"b")) }, respond: code)),
        Mutant(
            "it refuses the good request", breaks: responds, says: "authorizing(\"ticket\")",
            ClosureFlow.underTest(validate: { _, _ in throw OAuthError(.accessDenied, "never") }, respond: code)),
        Mutant(
            "it throws an error of its own", breaks: responds, says: "throw an OAuthError",
            ClosureFlow.underTest { _, _, _ in throw Faults.OwnError() }),
        Mutant(
            "it reads a parameter by another name", breaks: responds, says: "reads the parameter 'palce'",
            ClosureFlow.underTest { issuance, request, host in
                _ = request.parameters["palce"]
                try await code(&issuance, request, host)
            }),
        Mutant(
            "it writes to an undeclared collection", breaks: responds, says: "add registry.add(collection:)",
            ClosureFlow.underTest { issuance, _, _ in issuance.alsoWrite(.delete(StoreKey("tickets", "a"))) }),
        Mutant(
            "it replaces the issuance", breaks: responds, says: "replaces the issuance by another one",
            ClosureFlow.underTest { issuance, _, host in
                let wide = Authorization(subject: .user("root"), limits: AccessLimits(scope: ["admin"]))
                issuance = Issuance.test(wide, for: issuance.answer, at: host.now)
            }),
        Mutant(
            "it adds a parameter of the server", breaks: "what it adds does not hide what the server adds",
            says: "'state', which belongs to the server",
            ClosureFlow.underTest { issuance, _, _ in try issuance.add("state", "own") }),
        Mutant(
            "it returns an access token in the query", breaks: "an access token is never in the query",
            says: "set its delivery to .fragment",
            ClosureFlow.underTest({ $0.issuesAccessToken = true }) { _, _, _ in }),
        Mutant(
            "strange values make it throw an error of its own", breaks: strange, says: "throw an OAuthError",
            ClosureFlow.underTest(
                validate: { request, _ in
                    guard request.parameters["place"] ?? "here" == "here" else { throw Faults.OwnError() }
                }, respond: code)),
        Mutant(
            "it needs a parameter that it does not require", breaks: strange, says: "a request without 'place'",
            ClosureFlow.underTest(
                validate: { request, _ in
                    guard request.parameters["place"] != nil else { throw Faults.OwnError() }
                }, respond: code)),
        Mutant(
            "it repeats what was sent", breaks: strange, says: "repeats what was sent",
            ClosureFlow.underTest(
                validate: { request, _ in
                    let place = request.parameters["place"] ?? "here"
                    guard place == "here" else { throw OAuthError(.invalidRequest, "\(place) is not 'here'") }
                }, respond: code)),
        Mutant(
            "it refuses after the user has consented",
            breaks: "a request that it will refuse is refused before anyone signs in", says: "refuse it in validate",
            ClosureFlow.underTest { issuance, request, host in
                try await here(request, host)
                try await code(&issuance, request, host)
            }),
        Mutant(
            "it fails if a scope value is not allowed",
            breaks: "it responds even if the user does not allow all scope values", says: "the user allows 'read'",
            ClosureFlow.underTest { issuance, request, host in
                guard issuance.limits.scope.contains("write") else { throw Faults.OwnError() }
                try await code(&issuance, request, host)
            }),
        Mutant(
            "it writes to the store itself", breaks: "it writes nothing itself: what it changes is in the issuance",
            says: "add the write with issuance.alsoWrite",
            ClosureFlow.underTest { issuance, _, host in
                let code = host.random(bytes: 32)
                let record = StoreRecord(key(host, code), [:], expiresAt: issuance.issuedAt + .seconds(60))
                _ = try await host.store.write([.create(record)])
                try issuance.add("ticket", .string(code))
            }),
        Mutant(
            "the code is the key of its record", breaks: "what the client has to keep secret is not in the store",
            says: "keep its host.cryptography.digest instead",
            ClosureFlow.underTest { issuance, _, host in
                let code = host.random(bytes: 32)
                let record = StoreRecord(StoreKey("ticket", code), [:], expiresAt: issuance.issuedAt + .seconds(60))
                issuance.alsoWrite(.create(record))
                try issuance.add("ticket", .string(code))
            }),
        Mutant(
            "the code is in its record", breaks: "what the client has to keep secret is not in the store",
            says: "keep its host.cryptography.digest instead",
            ClosureFlow.underTest { issuance, _, host in
                let code = host.random(bytes: 32)
                let record = StoreRecord(
                    key(host, code), ["code": .string(code)], expiresAt: issuance.issuedAt + .seconds(60))
                issuance.alsoWrite(.create(record))
                try issuance.add("ticket", .string(code))
            }),
        Mutant(
            "all requests of a client share a record", breaks: "a hundred requests at once each get their own response",
            says: "needs a key of its own",
            ClosureFlow.underTest { issuance, _, host in
                let key = key(host, issuance.client.id)
                issuance.alsoWrite(.create(StoreRecord(key, [:], expiresAt: issuance.issuedAt + .seconds(60))))
            }),
        Mutant(
            "it takes a failure of the store for an empty store",
            breaks: "if the store fails, it does not respond, and works again later",
            says: "let the StoreError through",
            ClosureFlow.underTest { issuance, request, host in
                let banned = try? await host.store.read(StoreKey("ticket", "banned"))
                guard banned == nil else { throw OAuthError(.accessDenied, "banned") }
                try await code(&issuance, request, host)
            }),
        Mutant(
            "it never recovers from a cancelled request",
            breaks: "a cancelled authorization ends, and the next one is answered", says: "the same request is refused",
            poisoned),
    ]

    /// A flow that refuses every request after a cancelled one.
    private static var poisoned: PluginUnderTest {
        PluginUnderTest(ClosureFlow.manifest) { _, host in
            let isPoisoned = Kept(false)
            return ClosureFlow(
                host: host,
                validate: { _, _ in
                    if Task.isCancelled { isPoisoned.change { $0 = true } }
                    if isPoisoned.value { throw OAuthError(.accessDenied, "busy") }
                }, respond: code)
        }
    }
}
