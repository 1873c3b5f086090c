// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("RFC 8693: clients exchange tokens of this server", .timeLimit(.minutes(10)))
struct TokenExchangeTests {
    private static let toOrders = [("audience", ExchangeServer.orders)]

    // MARK: what is granted

    @Test(
        "an access token is exchanged for one with another audience, and says what it is",
        .clause("RFC 8693 section 2.2.1"), arguments: ["opaque", "jwt"])
    func access(_ format: String) async throws {
        let server = try await ExchangeServer.make(format: format)
        let subject = await server.visit()["access_token"]
        let answer = await server.exchange(subject, "access_token", Self.toOrders + [("scope", "read")], as: "api")
        #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
        #expect(answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token")
        #expect(answer["token_type"] == "Bearer" && answer.json["expires_in"] == 300)
        #expect(answer["refresh_token"] == nil && answer["id_token"] == nil)
        let told = await server.told(answer["access_token"], by: "api")
        #expect(told["sub"] == "ann" && told["client_id"] == "api" && told["scope"] == "read")
        #expect(told["aud"]?.string == ExchangeServer.orders && told["act"] == nil)
    }

    @Test("a plugin from outside exchanges tokens too")
    func outside() async throws {
        let plugins = ExchangeServer.plugins().map { setup in
            guard setup.type.manifest.id == "token-exchange" else { return setup }
            return PluginSetup(setup.type, setup.settings, threads: PluginThreads(of: "token-exchange"))
        }
        let server = try await TestServer(
            plugins, clients: [ExchangeServer.client("web", ExchangeServer.webRules)], users: [ExchangeServer.ann])
        let tokens = await server.visit()
        #expect(await server.exchange(tokens["access_token"], "access_token", Self.toOrders).status == 200)
        let assertion = await server.exchange(
            tokens["id_token"], "id_token",
            [
                ("audience", ExchangeServer.other),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:id-jag"),
            ])
        #expect(assertion["token_type"] == "N_A", "\(assertion.json) \(server.log.lines)")
    }

    @Test("a refresh token is neither rotated nor used up, and no other one comes out", arguments: ["opaque", "jwt"])
    func refresh(_ format: String) async throws {
        let server = try await ExchangeServer.make(format: format)
        let refresh = try #require(await server.visit()["refresh_token"])
        for _ in 1...3 {
            let more = Self.toOrders + [("scope", "read offline_access")]
            let refused = await server.exchange(refresh, "refresh_token", more)
            #expect(refused.error == "invalid_scope", "the refresh token never had 'offline_access'")
            let answer = await server.exchange(refresh, "refresh_token", Self.toOrders)
            #expect(answer.status == 200 && answer["refresh_token"] == nil, "\(answer.json) \(server.log.lines)")
        }
        let next = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)],
            as: ("web", ExchangeServer.secret("web")))
        #expect(next.status == 200)
        server.clock.advance(.seconds(60))
        #expect(await server.exchange(refresh, "refresh_token", Self.toOrders).refusesSubject, "it was rotated since")
    }

    @Test("'offline_access' and 'refresh_token: true' get no refresh token out of an access token")
    func noRefresh() async throws {
        let rules: JSON = [["subject": "access_token", "audience": "api", "to": .string(ExchangeServer.orders)]]
        let exchange: JSON = ["exchanges": rules, "refresh_token": true]
        let auth = ExchangeServer.client("web", rules)["auth"] ?? [:]
        let client = ExchangeServer.client("web", rules, ["auth": auth.changed(by: ["token_exchange": exchange])])
        let server = try await ExchangeServer.make([client])
        let subject = await server.visit(scope: "read offline_access")["access_token"]
        let more = Self.toOrders + [("scope", "read offline_access")]
        let answer = await server.exchange(subject, "access_token", more)
        #expect(answer.status == 200 && answer["refresh_token"] == nil, "\(answer.json) \(server.log.lines)")
    }

    @Test("a token keeps its own audience if the request names none, and never gets all")
    func keepsAudience() async throws {
        let server = try await ExchangeServer.make()
        let answer = await server.exchange(await server.visit()["access_token"])
        #expect(await server.told(answer["access_token"])["aud"] == "api", "\(answer.json)")
        let identity = await server.exchange(await server.visit()["id_token"], "id_token")
        #expect(identity.error == "invalid_target", "\(identity.json)")
    }

    @Test("'resource' is an audience like any other, and never ignored", .clause("RFC 8693 section 2.1"))
    func resource() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit()["access_token"]
        let answer = await server.exchange(subject, "access_token", [("resource", ExchangeServer.orders)])
        #expect(await server.told(answer["access_token"])["aud"]?.string == ExchangeServer.orders, "\(answer.json)")
        for more in [[("resource", ExchangeServer.billing)], Self.toOrders + [("resource", ExchangeServer.billing)]] {
            #expect(await server.exchange(subject, "access_token", more).error == "invalid_target")
        }
    }

    @Test("an audience or a resource that is repeated is in the token once", arguments: ["audience", "resource"])
    func repeated(_ name: String) async throws {
        let server = try await ExchangeServer.make(format: "jwt")
        let subject = await server.visit()["access_token"]
        let many = [(String, String)](repeating: (name, ExchangeServer.orders), count: 32)
        let answer = await server.exchange(subject, "access_token", many)
        #expect(await server.told(answer["access_token"])["aud"]?.string == ExchangeServer.orders, "\(answer.json)")
        let more = await server.exchange(subject, "access_token", many + [(name, "api")])
        #expect(more.error == "invalid_target", "\(more.json)")
        let visit = await server.visit([("person", "ann"), ("audience", "api")])
        #expect(await server.told(visit["access_token"])["aud"]?.string == "api", "\(visit.json)")
    }

    @Test("claims of the grant stay, so that a limit such as a tenant is not lost")
    func claims() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit([("person", "ann"), ("tenant", "t1")])["access_token"]
        let answer = await server.exchange(subject, "access_token", Self.toOrders)
        #expect(await server.told(answer["access_token"])["tenant"] == "t1")
    }

    // MARK: chains and ends

    @Test("an exchanged token is exchanged again only by a rule, and is never wider or longer than the first")
    func chain() async throws {
        let again: JSON = [
            [
                "subject": "access_token", "audience": .string(ExchangeServer.orders),
                "to": ["api", "https://x.example.com"],
            ]
        ]
        let orders = ExchangeServer.client(ExchangeServer.orders, again)
        let server = try await ExchangeServer.make([
            ExchangeServer.client("web", ExchangeServer.webRules),
            ExchangeServer.client("api", ExchangeServer.apiRules),
            orders,
        ])
        let first = await server.visit()["access_token"]
        server.clock.advance(.seconds(500))
        let second = await server.exchange(first, "access_token", Self.toOrders + [("scope", "read")], as: "api")
        #expect(second.json["expires_in"] == 100)
        let more = [("audience", "https://x.example.com")]
        let third = await server.exchange(second["access_token"], "access_token", more, as: ExchangeServer.orders)
        #expect(third.status == 200 && third.json["expires_in"] == 100, "\(third.json) \(server.log.lines)")
        #expect(await server.told(third["access_token"], by: ExchangeServer.orders)["scope"] == "read")
        let wide = await server.exchange(
            second["access_token"], "access_token", more + [("scope", "read write")], as: ExchangeServer.orders)
        #expect(wide.error == "invalid_scope")
        let back = await server.exchange(second["access_token"], "access_token", Self.toOrders, as: "api")
        #expect(back.refusesSubject, "'api' has no rule for tokens of this audience")
    }

    @Test("a token near its end gives one that ends with it, and none after it", arguments: [1, 0, -1] as [Int64])
    func nearEnd(_ left: Int64) async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit()["access_token"]
        server.clock.advance(.seconds(600 - left))
        let answer = await server.exchange(subject, "access_token", Self.toOrders)
        #expect(left > 0 ? answer.json["expires_in"] == .integer(left) : answer.refusesSubject, "\(answer.json)")
    }

    /// What ends a grant.
    enum End: CaseIterable, Sendable {
        case grant, session, user, password
    }

    @Test("what is issued ends with the subject's grant, session and user", arguments: End.allCases)
    func ends(_ end: End) async throws {
        let server = try await ExchangeServer.make()
        let users = try server.stored
        _ = try await users.create(["id": "bea", "email": "bea@example.com", "password": "correct horse battery"])
        let tokens = await server.visit([("person", "bea"), ("session", "s-1")])
        var given: [String?] = []
        for (name, type) in [("access_token", "access_token"), ("refresh_token", "refresh_token")] {
            given.append(await server.exchange(tokens[name], type, Self.toOrders)["access_token"])
        }
        let billing = [("audience", ExchangeServer.billing)]
        given.append(await server.exchange(tokens["id_token"], "id_token", billing)["access_token"])
        for token in given { #expect(await server.told(token)["active"] == true, "\(server.log.lines)") }
        let grant = try #require(
            try await server.core.tokens.resolve(tokens["access_token"] ?? "")?.authorization.grantID)
        switch end {
        case .grant: try await server.core.tokens.revoke(.grant(grant), reason: "test")
        case .session: try await server.core.tokens.revoke(.session("s-1"), reason: "test")
        case .user: try await users.set(active: false, of: "bea")
        case .password:
            _ = try await users.replace(
                "bea", with: ["id": "bea", "email": "bea@example.com", "password": "another horse battery"], if: .any)
        }
        for token in given { #expect(await server.told(token)["active"] == false, "\(end)") }
        for (name, type) in [
            ("access_token", "access_token"), ("refresh_token", "refresh_token"), ("id_token", "id_token"),
        ] {
            #expect(await server.exchange(tokens[name], type, Self.toOrders).refusesSubject, "\(end) \(name)")
        }
    }

    @Test("a revoked token gives nothing, and one that is revoked before the commit neither")
    func revoked() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit()["access_token"] ?? ""
        let form = [("token", subject)]
        _ = await server.post("/auth/revoke", form, as: ("web", ExchangeServer.secret("web")))
        #expect(await server.exchange(subject, "access_token", Self.toOrders).refusesSubject)
        let fresh = try #require(try await server.core.tokens.resolve(await server.visit()["access_token"] ?? ""))
        let grant = GrantDeclaration("exchange", key: "token_exchange", client: .confidential)
        let client = try #require(try await server.core.clients.find("web"))
        let request = TokenRequest(
            grant: grant, client: client, parameters: [:], head: RequestHead(method: "POST", path: "/auth/token"),
            allowed: AccessLimits(scope: ["read"]))
        let derived = try await server.core.access.derive(from: fresh, for: request, audience: ["api"])
        #expect(derived.derivation?.tokenID == fresh.id, "the core adds the condition that it is not revoked")
    }

    // MARK: who is refused

    @Test("a token of another client, for another audience or of another type is refused alike")
    func strangers() async throws {
        let server = try await ExchangeServer.make()
        let tokens = await server.visit()
        let access = tokens["access_token"]
        #expect(await server.exchange(access, "access_token", Self.toOrders, as: "stranger").refusesSubject)
        #expect(
            await server.exchange(tokens["refresh_token"], "refresh_token", Self.toOrders, as: "api").refusesSubject)
        #expect(await server.exchange(tokens["id_token"], "id_token", Self.toOrders, as: "api").refusesSubject)
        for type in ["refresh_token", "id_token", "jwt"] {
            #expect(await server.exchange(access, type, Self.toOrders).refusesSubject, "\(type)")
        }
        let plain = await server.visit(audience: ExchangeServer.orders)["access_token"]
        #expect(await server.exchange(plain, "access_token", Self.toOrders).refusesSubject, "no rule for this audience")
        #expect(await server.exchange("nothing", "access_token", Self.toOrders).refusesSubject)
        let unsupported = await server.exchange(access, "saml2", Self.toOrders)
        #expect(unsupported.error == "invalid_request" && !unsupported.refusesSubject)
    }

    @Test("a client without a rule, a secret or the grant gets nothing")
    func noRule() async throws {
        let server = try await ExchangeServer.make([
            ExchangeServer.client("web", nil), ExchangeServer.client("api", ExchangeServer.apiRules),
            ExchangeServer.client("idle", ExchangeServer.webRules, ["grant_types": ["visit"]]),
        ])
        let access = await server.visit()["access_token"]
        #expect(await server.exchange(access, "access_token", Self.toOrders).refusesSubject)
        #expect(await server.exchange(access, "access_token", Self.toOrders, as: "idle").error == "unauthorized_client")
        let form = [
            ("grant_type", ExchangeServer.grant), ("client_id", "web"), ("subject_token", access ?? ""),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ]
        #expect(await server.post("/auth/token", form).error == "invalid_client")
    }

    @Test("a client that is inactive gets nothing, and nothing comes of tokens that were issued to it")
    func inactiveClient() async throws {
        let server = try await ExchangeServer.make([ExchangeServer.client("api", ExchangeServer.apiRules)])
        let clients = try server.storedClients
        let auth: JSON = ["visit": ["audience": "api"], "token_exchange": ["exchanges": ExchangeServer.webRules]]
        let web = ExchangeServer.client("web", nil, ["secret": .null, "auth": auth])
        let secret = try #require(try await clients.create(web).secret).exposed
        let form = [("grant_type", "visit"), ("person", "ann"), ("audience", "api"), ("scope", "read")]
        let access = await server.post("/auth/token", form, as: ("web", secret))["access_token"]
        #expect(await server.exchange(access, "access_token", Self.toOrders, as: "api").status == 200)
        try await clients.set(active: false, of: "web")
        #expect(await server.exchange(access, "access_token", Self.toOrders, as: "api").refusesSubject)
        let own = [("grant_type", ExchangeServer.grant), ("subject_token", access ?? "")]
        #expect(await server.post("/auth/token", own, as: ("web", secret)).error == "invalid_request", "no type")
        let typed = own + [("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")]
        #expect(await server.post("/auth/token", typed, as: ("web", secret)).error == "invalid_client")
    }

    @Test("a token that is bound to a key is refused, since nobody proves to hold the key")
    func bound() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit([("person", "ann"), ("key", "thumb")])["access_token"]
        #expect(await server.exchange(subject, "access_token", Self.toOrders, as: "api").refusesSubject)
        #expect(server.log.lines.contains { $0.contains("it is bound to a key") })
    }

    @Test("a token about another client gives nothing, since formats would take the client for a user")
    func otherClient() async throws {
        for format in ["opaque", "jwt"] {
            let server = try await ExchangeServer.make(format: format)
            let own = await server.visit([], scope: "read")["access_token"]
            #expect(await server.exchange(own, "access_token", Self.toOrders, as: "api").refusesSubject)
            let answer = await server.exchange(own, "access_token", Self.toOrders)
            #expect(await server.told(answer["access_token"])["sub"] == "web", "\(answer.json) \(server.log.lines)")
        }
    }

    @Test("the client is named in 'aud' by its identifier or by what it may introspect")
    func resources() async throws {
        let rules: JSON = [
            [
                "subject": "access_token", "audience": .string(ExchangeServer.orders),
                "to": .string(ExchangeServer.billing),
            ]
        ]
        for (resources, isGood) in [(["https://orders.example.com"], true), (["https://x.example.com"], false)]
            as [(JSON, Bool)]
        {
            let server = try await ExchangeServer.make([
                ExchangeServer.client("web", nil), ExchangeServer.client("shop", rules, ["resources": resources]),
            ])
            let subject = await server.visit(audience: ExchangeServer.orders)["access_token"]
            let more = [("audience", ExchangeServer.billing)]
            let answer = await server.exchange(subject, "access_token", more, as: "shop")
            #expect((answer.status == 200) == isGood && (isGood || answer.refusesSubject), "\(answer.json)")
        }
    }

    @Test("parameters that do not go together are refused", .clause("RFC 8693 section 2.1"))
    func parameters() async throws {
        let server = try await ExchangeServer.make()
        let subject = await server.visit()["access_token"]
        let type = "urn:ietf:params:oauth:token-type:access_token"
        for more in [
            [("actor_token", "x")], [("actor_token_type", type)], [("requested_token_type", "urn:example:other")],
            [("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")],
            [("actor_token", "x"), ("actor_token_type", "urn:ietf:params:oauth:token-type:jwt")],
            [("subject_token_type", type)],
        ] {
            #expect(await server.exchange(subject, "access_token", Self.toOrders + more).error == "invalid_request")
        }
    }

    @Test("of many exchanges at once, each gives a token, and the subject token stays as it is")
    func atOnce() async throws {
        let server = try await ExchangeServer.make()
        let refresh = await server.visit()["refresh_token"]
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<64 {
                group.addTask { await server.exchange(refresh, "refresh_token", Self.toOrders).status }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 64))
    }

    @Test("no token of exchanges beside a revocation of the grant outlives it, at another node either")
    func besideRevocation() async throws {
        let server = try await ExchangeServer.make()
        let other = try await TestServer(
            beside: server, ExchangeServer.plugins(), clients: ExchangeServer.usual(), users: [ExchangeServer.ann])
        let subject = await server.visit()["access_token"]
        let grant = try #require(
            try await server.core.tokens.resolve(subject ?? "")?.authorization.grantID)
        let given = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<1000 {
                let node = number % 2 == 0 ? server : other
                group.addTask { await node.exchange(subject, "access_token", Self.toOrders)["access_token"] }
            }
            group.addTask {
                try await other.core.tokens.revoke(.grant(grant), reason: "test")
                return nil
            }
            return try await group.reduce(into: [String]()) { all, token in if let token { all.append(token) } }
        }
        for token in given {
            #expect(await server.told(token)["active"] == false)
            #expect(await other.told(token)["active"] == false)
        }
        #expect(await other.exchange(subject, "access_token", Self.toOrders).refusesSubject)
    }
}
