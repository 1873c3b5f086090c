// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("RFC 6749 section 6: refresh tokens", .timeLimit(.minutes(10)))
struct RefreshTokenTests {
    static let client: JSON = [
        "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
        "scope": ["read", "write"],
        "auth": ["client_credentials": ["refresh_token": true, "refresh_token_expiration": 3600]],
    ]

    private func server(grace: String = "0s") async throws -> TestServer {
        let plugins = Plugins.all.map { setup in
            setup.type.manifest.id == "refresh-token" ? PluginSetup(setup.type, ["grace": .string(grace)]) : setup
        }
        let other: JSON = ["id": "other", "secret": "other secret", "grant_types": ["refresh_token"]]
        return try await TestServer(plugins, clients: [RefreshTokenTests.client, other])
    }

    @Test("a refresh issues new tokens, with and without 'scope'", .clause("RFC 6749 section 6"))
    func refreshes() async throws {
        let server = try await server()
        let first = await server.token()
        let second = await server.refresh(try #require(first["refresh_token"]))
        #expect(second.status == 200 && second.json["expires_in"] == 900)
        #expect(second["access_token"] != first["access_token"] && second["refresh_token"] != first["refresh_token"])
        let third = await server.refresh(try #require(second["refresh_token"]), [("scope", "read")])
        #expect(await server.introspect(third["access_token"] ?? "")["scope"] == "read")
        let fourth = await server.refresh(try #require(third["refresh_token"]))
        #expect(fourth["scope"] == "read write", "a narrowed refresh does not shrink the grant")
    }

    @Test(
        "a request for more scope than was granted is refused and does not redeem the token",
        .clause("RFC 6749 section 6"))
    func widens() async throws {
        let server = try await server()
        let token = try #require(await server.token([("scope", "read")])["refresh_token"])
        #expect(await server.refresh(token, [("scope", "read write")]).error == "invalid_scope")
        #expect(await server.refresh(token).status == 200)
    }

    @Test("using an old token revokes everything issued under the grant", .clause("RFC 9700 section 4.14.2"))
    func reuse() async throws {
        let server = try await server()
        let first = await server.token()
        let second = await server.refresh(try #require(first["refresh_token"]))
        let access = [first, second].map { $0["access_token"] ?? "" }
        for token in access { #expect(await server.isActive(token)) }
        #expect(await server.refresh(first["refresh_token"] ?? "").error == "invalid_grant")
        for token in access { #expect(await !server.isActive(token)) }
        #expect(await server.refresh(second["refresh_token"] ?? "").error == "invalid_grant")
    }

    @Test("a guessed token revokes nothing")
    func garbage() async throws {
        let server = try await server()
        let token = try #require(await server.token()["refresh_token"])
        let parts = token.split(separator: ".").map(String.init)
        let guesses = [
            "grt.\(parts[1]).7.\(parts[3])", "grt.\(parts[1]).0.x-AAAA", "grt.\(parts[1]).-1.\(parts[3])", "x", "....",
            "grt.\(parts[1]).00.\(parts[3])", token + "A",
        ]
        for guess in guesses { #expect(await server.refresh(guess).error == "invalid_grant") }
        #expect(await server.refresh(token).status == 200)
    }

    @Test("a token issued to one client is useless to another", .clause("RFC 6749 section 10.4"))
    func bound() async throws {
        let server = try await server()
        let token = try #require(await server.token()["refresh_token"])
        let stolen = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token)], as: ("other", "other secret"))
        #expect(stolen.error == "invalid_grant")
        #expect(await server.refresh(token).status == 200)
    }

    @Test("a token expires after its idle time since the last use")
    func slides() async throws {
        let server = try await server()
        var token = try #require(await server.token()["refresh_token"])
        for _ in 0..<3 {
            server.clock.advance(.seconds(3599))
            token = try #require(await server.refresh(token)["refresh_token"])
        }
        server.clock.advance(.seconds(3600))
        #expect(await server.refresh(token).error == "invalid_grant")
    }

    @Test("within the grace period the old token gets the same successor, later it ends the grant")
    func grace() async throws {
        let server = try await server(grace: "10s")
        let first = try #require(await server.token()["refresh_token"])
        let successor = try #require(await server.refresh(first)["refresh_token"])
        server.clock.advance(.seconds(9))
        #expect(await server.refresh(first)["refresh_token"] == successor)
        server.clock.advance(.seconds(2))
        #expect(await server.refresh(first).error == "invalid_grant")
        #expect(await server.refresh(successor).error == "invalid_grant")
    }

    @Test(
        "of 64 racing requests with one token one succeeds, and the others end the grant", arguments: 0..<Races.rounds)
    func races(_ round: Int) async throws {
        let server = try await server()
        let token = try #require(await server.token()["refresh_token"])
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask { await server.refresh(token) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let won = answers.filter { $0.status == 200 }
        #expect(won.count == 1)
        #expect(answers.allSatisfy { $0.status == 200 || $0.error == "invalid_grant" })
        #expect(await !server.isActive(won.first?["access_token"] ?? ""))
    }

    @Test("with a grace period, 64 racing requests get the same successor", arguments: 0..<Races.rounds)
    func racesWithGrace(_ round: Int) async throws {
        let server = try await server(grace: "10s")
        let token = try #require(await server.token()["refresh_token"])
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask { await server.refresh(token) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 })
        #expect(Set(answers.compactMap { $0["refresh_token"] }).count == 1)
        #expect(Set(answers.compactMap { $0["access_token"] }).count == 64)
    }

    @Test("a response is one commit, whatever it contains")
    func oneCommit() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst()
        let server = try await TestServer(plugins, clients: [RefreshTokenTests.client])
        let store = try #require(server.countingStore)
        let before = store.writes
        let token = try #require(await server.token()["refresh_token"])
        #expect(store.writes == before + 1)
        _ = await server.refresh(token)
        #expect(store.writes == before + 2)
    }

    @Test("a refresh can ask for fewer audiences, but not for more or for one that the client lost")
    func audiences() async throws {
        let client = { (audiences: JSON) -> JSON in
            [
                "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
                "scope": ["read"], "auth": ["client_credentials": ["refresh_token": true, "audience": audiences]],
            ]
        }
        let server = try await TestServer(clients: [client(["https://a.example", "https://b.example"])], format: "jwt")
        func audience(_ answer: Answer) -> [String]? {
            server.keys.verify(answer["access_token"] ?? "", type: "at+jwt")?.claims["aud"]?.strings
        }
        let first = await server.token()
        #expect(audience(first) == ["https://a.example", "https://b.example"])
        let second = await server.refresh(first["refresh_token"] ?? "", [("audience", "https://a.example")])
        #expect(audience(second) == ["https://a.example"])
        let more = await server.refresh(second["refresh_token"] ?? "", [("audience", "https://c.example")])
        #expect(more.error == "invalid_target")
        server.core.install(
            try await server.generation(Plugins.all, clients: [client(["https://b.example"])], format: "jwt"))
        let third = await server.refresh(second["refresh_token"] ?? "")
        #expect(audience(third) == ["https://b.example"])
        server.core.install(
            try await server.generation(Plugins.all, clients: [client(["https://d.example"])], format: "jwt"))
        #expect(await server.refresh(third["refresh_token"] ?? "").error == "invalid_target")
    }

    @Test("a refresh token that was revoked itself gets nothing")
    func revokedByItself() async throws {
        let server = try await server()
        let token = try #require(await server.token()["refresh_token"])
        let family = try #require(try await server.core.tokens.resolve(token)).id
        try await server.core.tokens.revoke(.token(family), reason: "test")
        #expect(await server.refresh(token).error == "invalid_grant")
    }

    @Test("a refresh token gives only the scope that its client may still have")
    func liveConfiguration() async throws {
        let server = try await server()
        let token = try #require(await server.token()["refresh_token"])
        let narrowed: JSON = [
            "id": "service", "secret": .string(TestServer.serviceSecret), "scope": ["read"],
            "grant_types": ["client_credentials", "refresh_token"],
            "auth": ["client_credentials": ["refresh_token": true]],
        ]
        let without: JSON = [
            "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["refresh_token"],
        ]
        server.core.install(try await server.generation(Plugins.all, clients: [narrowed]))
        let answer = await server.refresh(token)
        #expect(answer["scope"] == "read")
        server.core.install(try await server.generation(Plugins.all, clients: [without]))
        #expect(await server.refresh(answer["refresh_token"] ?? "").error == "invalid_grant")
    }

    @Test("by default two tabs, or a retry after a lost response, get the same successor for ten seconds")
    func defaultGrace() async throws {
        let server = try await TestServer(clients: [RefreshTokenTests.client])
        let first = try #require(await server.token()["refresh_token"])
        let successor = try #require(await server.refresh(first)["refresh_token"])
        server.clock.advance(.seconds(9))
        #expect(await server.refresh(first)["refresh_token"] == successor)
        server.clock.advance(.seconds(1))
        #expect(await server.refresh(first).error == "invalid_grant")
        #expect(await server.refresh(successor).error == "invalid_grant", "the grace time is counted from the rotation")
    }

    @Test("using a token older than the previous one is reuse even within the grace period")
    func graceOfOne() async throws {
        let server = try await server(grace: "10s")
        let first = try #require(await server.token()["refresh_token"])
        let second = try #require(await server.refresh(first)["refresh_token"])
        let third = try #require(await server.refresh(second)["refresh_token"])
        #expect(await server.refresh(first).error == "invalid_grant")
        #expect(await server.refresh(third).error == "invalid_grant", "somebody holds a token of long ago")
    }

    @Test("setting the clock back does not extend the grace period")
    func clockGoesBack() async throws {
        let server = try await server(grace: "10s")
        let first = try #require(await server.token()["refresh_token"])
        #expect(await server.refresh(first).status == 200)
        server.clock.advance(.seconds(-3600))
        #expect(await server.refresh(first).error == "invalid_grant")
    }

    /// A client with scope values and attributes, and with changes to them.
    private static func app(
        _ scope: JSON = ["openid", "read", "offline_access"], grants: JSON = ["authorization_code", "refresh_token"],
        refreshes: Bool = false, isFirstParty: Bool = true, more: JSON = [:]
    ) -> JSON {
        var client: JSON = [
            "id": "house", "secret": .string(Demo.secret), "grant_types": grants, "scope": scope,
            "first_party": .bool(isFirstParty),
            "auth": [
                "authorization_code": ["redirect_uri": .string(Demo.callback), "refresh_token": .bool(refreshes)]
            ],
        ]
        for member in more.members { client[member.name] = member.value }
        return client
    }

    @Test(
        "each refresh checks what the client may still do, and giving a right back makes the token work again",
        arguments: [
            app(["openid", "read"]), app(grants: ["authorization_code"]), app(grants: ["refresh_token"]),
            app(isFirstParty: false), app(more: ["active": false]),
        ])
    func takenAway(_ changed: JSON) async throws {
        let server = try await Demo.server(clients: [Self.app()])
        func refresh(_ token: String) async -> Answer {
            await server.post(
                "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token)], as: ("house", Demo.secret))
        }
        func install(_ client: JSON) async throws {
            server.core.install(try await server.generation(Plugins.all, clients: [client], users: Demo.users))
        }
        let code = await server.code([("scope", "openid read offline_access")]).query["code"] ?? ""
        let first = await server.redeem(code, as: ("house", Demo.secret))["refresh_token"] ?? ""
        let second = try #require(await refresh(first)["refresh_token"])
        try await install(changed)
        let refused = await refresh(second)
        #expect(refused.status >= 400 && refused["access_token"] == nil, "\(refused.json)")
        try await install(Self.app())
        #expect(await refresh(second).status == 200, "a mistake in the configuration ends nothing")
    }

    @Test(
        "what a first-party client got without consent ends with 'first_party', even after an earlier consent",
        arguments: [("openid read offline_access", 200), ("openid", 400)])
    func allowedLess(_ asked: String, _ status: Int) async throws {
        let server = try await Demo.server(clients: [Self.app(isFirstParty: false)])
        func install(_ client: JSON) async throws {
            server.core.install(try await server.generation(Plugins.all, clients: [client], users: Demo.users))
        }
        let browser = Browser(server)
        let request = Demo.request([("client_id", "house"), ("scope", asked)])
        let consent = await browser.signIn(await browser.authorize(request))
        #expect(await browser.allow(consent).query["code"] != nil)
        try await install(Self.app())
        let all = Demo.request([("client_id", "house"), ("scope", "openid read offline_access")])
        let code = await browser.authorize(all).query["code"] ?? ""
        let token = try #require(await server.redeem(code, as: ("house", Demo.secret))["refresh_token"])
        try await install(Self.app(isFirstParty: false))
        let refreshed = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token)], as: ("house", Demo.secret))
        #expect(refreshed.status == status)
        let page = await browser.open("/auth/grants")
        _ = await browser.post(
            "/auth/grants", page.hidden.filter { $0.0 == "csrf" } + [("confirmed", "1"), ("client", "house")])
        try await install(Self.app())
        let last = refreshed["refresh_token"] ?? token
        let ended = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", last)], as: ("house", Demo.secret))
        #expect(ended.status == 400, "it ends with what was allowed, whether it was asked for or not")
    }

    @Test("a client that gets refresh tokens through an attribute loses them with the attribute")
    func attributeTakenAway() async throws {
        let server = try await server()
        let token = try #require(await server.token()["refresh_token"])
        var without = RefreshTokenTests.client
        without["grant_types"] = ["client_credentials", "refresh_token"]
        without["auth"] = ["client_credentials": ["refresh_token": false]]
        server.core.install(try await server.generation(Plugins.all, clients: [without]))
        #expect(await server.refresh(token).error == "invalid_grant")
        #expect(server.log.lines.contains { $0.contains("may no longer have refresh tokens") })
    }

    @Test(
        "without a user 'offline_access' gives no refresh token",
        .clause("RFC 6749 section 4.4.3"))
    func noPerson() async throws {
        var client = TestServer.service
        client["scope"] = ["openid", "read", "offline_access"]
        client["auth"] = nil
        let server = try await TestServer(clients: [client])
        let answer = await server.token([("scope", "openid offline_access read")])
        #expect(answer.status == 200 && answer["access_token"] != nil && answer["refresh_token"] == nil)
    }
}
