// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for sources of claims.
enum ClaimsRules {
    static let all: [Rule] = [
        Rule(.claims, "its claims have names of their own, and it has a destination", forEach(names)),
        Rule(.claims, "it returns only claims that it declares, each once", forEach(declared)),
        Rule(.claims, "it answers for every subject, client and destination", forEach(everySubject)),
        Rule(.claims, "a narrower scope gets no more claims", forEach(scope)),
        Rule(.claims, "strange documents of users do no harm", forEach(strange)),
        Rule(.claims, "each request gets the claims of its own user, also a hundred at once", forEach(ownUser)),
        Rule(.claims, "it writes nothing to the store", forEach(quiet)),
        Rule(.claims, "if the store fails, there is an error or fewer claims, and no other ones", forEach(storeFails)),
        Rule(
            .claims, "if another server fails, there is an OAuth error or fewer claims, and no other ones",
            forEach(networkFails)),
    ]

    /// The claims that only the server sets.
    private static let own = [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "auth_time", "acr", "amr", "sid", "act",
        "cnf", "may_act", "nonce", "azp", "at_hash", "c_hash",
    ]
    /// Those of access tokens and introspection responses.
    private static let ownOfTokens = [
        "active", "username", "token_type", "gid", "epoch", "client_epoch", "att", "cnf_type",
    ]

    /// A source of a plugin that each check makes for itself.
    private struct Case: Sendable {
        let subject: PluginUnderTest
        let place: Int

        func load() async throws -> Loaded {
            let plugin = try await subject.load()
            let sources = plugin.registry.claimsSources
            guard sources.indices.contains(place) else {
                throw ConformanceFailure("the plugin no longer adds a source of claims when it is made again")
            }
            return Loaded(plugin: plugin, source: sources[place], sample: try await SampleGrant(plugin))
        }
    }

    private struct Loaded: Sendable {
        let plugin: TestPlugin
        let source: any ClaimsSource
        let sample: SampleGrant

        var destinations: [ClaimsDestination] {
            [.identityToken, .userinfo, .accessToken, .introspection].filter { source.destinations.contains($0) }
        }

        func claims(
            _ destination: ClaimsDestination, _ user: User?, _ subject: Subject? = nil, scope: Scope? = nil
        ) async throws -> [JSON.Member] {
            let client = try await sample.client()
            let subject = subject ?? .user(user?.id ?? "nobody")
            let authorization = sample.authorization(subject, scope: client.scope).asIssued(under: "authorization_code")
            return try await source.claims(
                for: .test(authorization, of: user, client: client, scope: scope ?? client.scope, for: destination))
        }

        func user() async throws -> User? { try await plugin.host.users.find(SampleGrant.userID) }
    }

    private static func forEach(
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for place in try subject.registry().claimsSources.indices {
                try await check(Case(subject: subject, place: place))
            }
        }
    }

    private static func names(_ subject: Case) async throws {
        let loaded = try await subject.load()
        try expect(!loaded.destinations.isEmpty, "it has no destination, so it is never asked: name one")
        let isInTokens = loaded.destinations.contains(.accessToken) || loaded.destinations.contains(.introspection)
        let taken = isInTokens ? own + ownOfTokens : own
        for name in loaded.source.claims {
            try Word.check(name, "claim")
            try expect(!taken.contains(name), "the claim '\(name)' belongs to the server: choose another name")
        }
    }

    // MARK: one request

    private static func declared(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let user = try await loaded.user()
        for destination in loaded.destinations {
            let claims = try await loaded.claims(destination, user)
            for (place, claim) in claims.enumerated() {
                try expect(
                    loaded.source.claims.contains(claim.name),
                    "it returns '\(claim.name)', which is not among its claims, so the server drops it: add it to them")
                try expect(
                    !claims.prefix(place).contains { $0.name == claim.name },
                    "it returns '\(claim.name)' twice, and the server takes the first: return it once")
            }
        }
    }

    private static func everySubject(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let bare = User(id: "bob", isActive: true, document: ["id": "bob"])
        for destination in loaded.destinations {
            var people: [(User?, Subject)] = [
                (try await loaded.user(), .user(SampleGrant.userID)), (bare, .user("bob")),
            ]
            if !destination.needsUser { people += [(nil, .client("client-1")), (nil, .user("somebody-else"))] }
            for (user, whom) in people {
                for scope in [loaded.sample.scope, []] {
                    try await Harmless.check("asked about \(whom) for \(destination), it") {
                        _ = try await loaded.claims(destination, user, whom, scope: scope)
                    }
                }
            }
        }
    }

    private static func scope(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let user = try await loaded.user()
        for destination in loaded.destinations {
            let all = try await loaded.claims(destination, user).map { $0.name }
            for scope in [Scope([]), ["read"], ["openid"]] {
                let some = try await loaded.claims(destination, user, scope: scope).map { $0.name }
                let more = some.filter { !all.contains($0) }
                try expect(
                    more.isEmpty,
                    "with the scope '\(scope)' it returns '\(more.first ?? "")', which it does not return with all "
                        + "scope: return a claim if request.scope contains what it needs, whatever else is there")
            }
        }
    }

    private static func strange(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let odd: [JSON] = [.null, true, 1, .number(0.5), [], [:], [["a"]], ["a": ["b": [:]]], ""]
        for value in odd + HostileText.all.map({ JSON.string($0) }) {
            let user = User(id: SampleGrant.userID, isActive: true, document: document(of: value))
            for destination in loaded.destinations {
                try await Harmless.check("a user's document with \(value.text.prefix(60)) in every member") {
                    _ = try await loaded.claims(destination, user)
                }
            }
        }
        let odder = User(id: SampleGrant.userID, isActive: true, document: .null)
        for destination in loaded.destinations {
            try await Harmless.check("a user without a document") { _ = try await loaded.claims(destination, odder) }
        }
    }

    private static func document(of value: JSON) -> JSON {
        var document: JSON = [
            "id": .string(SampleGrant.userID), "name": ["formatted": value, "givenName": value, "familyName": value],
            "data": ["name": value, "email_verified": value, "department": value, "address": value, "roles": value],
        ]
        let members = [
            "userName", "email", "emails", "phoneNumber", "phoneNumbers", "address", "addresses", "locale", "timezone",
            "photo", "nickName", "profileUrl", "roles", "groups", "entitlements", "updated_at", "title", "active",
        ]
        for member in members { document[member] = value }
        return document
    }

    private static func quiet(_ subject: Case) async throws {
        let loaded = try await subject.load()
        let user = try await loaded.user()
        for destination in loaded.destinations { _ = try await loaded.claims(destination, user) }
        let written = loaded.plugin.host.store.written
        let lasting = written.filter { if case .absent = $0 { false } else { true } }
        try expect(
            lasting.isEmpty,
            "it wrote to '\(lasting.first?.key?.collection ?? "")': it is also asked for responses that are refused "
                + "later, so keep what you want to keep in memory")
    }

    // MARK: many requests

    private static func ownUser(_ subject: Case) async throws {
        let loaded = try await subject.load()
        for destination in loaded.destinations {
            var expected: [String] = []
            for number in 0..<10 {
                let user = SampleGrant.user("user-\(number)")
                let alone = try await subject.load()
                expected.append(JSON.object(try await alone.claims(destination, user)).text)
            }
            let right = expected
            let wrong = try await Many.atOnce { number in
                let user = SampleGrant.user("user-\(number % 10)")
                let claims = try await loaded.claims(destination, user)
                return JSON.object(claims).text == right[number % 10] ? nil : "\(user.id): \(JSON.object(claims).text)"
            }
            let first = wrong.compactMap { $0 }.first
            try expect(
                first == nil,
                "a user gets other claims among many requests than alone (\(first ?? "")): do not keep the claims of "
                    + "one user for another")
        }
    }

    // MARK: failures

    private static func storeFails(_ subject: Case) async throws {
        for destination in try await subject.load().destinations {
            let counted = try await subject.load()
            let user = try await counted.user()
            let before = counted.plugin.host.store.calls
            let good = try await counted.claims(destination, user)
            for skipped in 0..<max(0, counted.plugin.host.store.calls - before) {
                let loaded = try await subject.load()
                loaded.plugin.host.store.fail(after: skipped, count: 1)
                try await checkFewer("its call \(skipped + 1) of the store failed", loaded, destination, than: good)
            }
        }
    }

    private static func networkFails(_ subject: Case) async throws {
        for destination in try await subject.load().destinations {
            let asked = try await subject.load()
            let good = try await asked.claims(destination, try await asked.user())
            guard !asked.plugin.host.network.sent.isEmpty else { continue }
            for failure in NetworkFailure.all {
                let loaded = try await subject.load()
                loaded.plugin.host.network.respond(failure.answer)
                try await checkFewer(failure.what, loaded, destination, than: good)
            }
        }
    }

    private static func checkFewer(
        _ what: String, _ loaded: Loaded, _ destination: ClaimsDestination, than good: [JSON.Member]
    ) async throws {
        let claims: [JSON.Member]
        do {
            claims = try await loaded.claims(destination, try await loaded.user())
        } catch is StoreError {
            return
        } catch let error as OAuthError where error.code != .serverError {
            return
        } catch {
            throw ConformanceFailure(
                "\(what), and it throws \(error), which the client sees as server_error: throw "
                    + "OAuthError(.temporarilyUnavailable)")
        }
        let other = claims.first { !good.contains($0) }
        try expect(
            other == nil,
            "\(what), and it returns '\(other?.name ?? "")' with another value than usual: throw an OAuthError, or "
                + "return no claim if it is optional")
    }
}
