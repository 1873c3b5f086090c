// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Resource owner password credentials (RFC 6749 section 4.3)", .timeLimit(.minutes(10)))
struct PasswordGrantTests {
    private static let phone: JSON = [
        "id": "phone", "grant_types": ["password"], "scope": .strings(Demo.scope),
        "auth": ["password": ["refresh_token": true, "secret_required": false]],
    ]
    private static let desk: JSON = [
        "id": "desk", "secret": .string(Demo.secret), "grant_types": ["password"], "scope": ["read"],
    ]

    private func server(_ settings: JSON = [:]) async throws -> TestServer {
        let plugins = Plugins.discouraged.map { setup in
            setup.type.manifest.id == "password" ? PluginSetup(setup.type, settings) : setup
        }
        return try await Demo.server(plugins, clients: [Self.phone, Self.desk, Demo.web, TestServer.service])
    }

    private func ask(
        _ server: TestServer, _ login: String = "ann", _ password: String = Demo.password,
        _ more: [(String, String)] = [("client_id", "phone")], as client: (id: String, secret: String)? = nil
    ) async -> Answer {
        let form = [("grant_type", "password"), ("username", login), ("password", password)]
        return await server.post("/auth/token", form + more, as: client)
    }

    @Test(
        "the id, userName and email of a user are equivalent", arguments: ["ann", "ann.lee", "ann@example.com", "ANN"])
    func names(_ login: String) async throws {
        let server = try await server()
        let answer = await ask(server, login)
        #expect(
            answer.status == 200 && answer["token_type"] == "Bearer" && answer.header("cache-control") == "no-store")
        let token = try await server.core.tokens.resolve(answer["access_token"] ?? "")
        #expect(token?.authorization.subject == .user("ann") && token?.authorization.amr == ["pwd"])
        #expect(token?.authorization.authenticatedAt == server.clock.now && token?.clientID == "phone")
    }

    @Test("form or JSON, with or without a secret", .clause("RFC 6749 section 4.3.2"))
    func forms() async throws {
        let server = try await server()
        let json: JSON = [
            "grant_type": "password", "client_id": "desk", "client_secret": .string(Demo.secret), "username": "ann",
            "password": .string(Demo.password),
        ]
        let answer = await server.send(
            "POST", "/auth/token", headers: [("content-type", "application/json")], body: Array(json.text.utf8))
        #expect(answer.status == 200)
        #expect(await ask(server, "ann", Demo.password, [], as: ("desk", Demo.secret)).status == 200)
        #expect(await ask(server, "ann", Demo.password, [("client_id", "desk")]).error == "invalid_client")
        #expect(await ask(server, "ann", Demo.password, [], as: ("web", Demo.secret)).error == "unauthorized_client")
    }

    @Test(
        "an unknown account, a wrong password and an inactive account look the same",
        .clause("RFC 6749 section 5.2"), arguments: [("ann", "wrong"), ("nobody", Demo.password), ("ida", "wrong")])
    func wrong(_ login: String, _ password: String) async throws {
        let server = try await server()
        let answer = await ask(server, login, password)
        #expect(answer.status == 400 && answer.error == "invalid_grant")
        #expect(answer["error_description"] == "the username or the password is incorrect")
    }

    @Test("an inactive account looks like a wrong password, unless a setting reveals it as Aidbox does")
    func inactive() async throws {
        let server = try await server()
        let (inactive, wrong) = (await ask(server, "ida"), await ask(server, "ida", "wrong"))
        #expect(inactive.status == 400 && inactive.body == wrong.body)
        #expect(server.log.lines.contains { $0.contains("refused") && $0.contains("the account is inactive") })
        let telling = try await self.server(["tell_inactive": true])
        #expect(await ask(telling, "ida")["error_description"] == "User is inactive")
        #expect(await ask(telling, "ida", "wrong").body == wrong.body)
    }

    @Test("the error names a missing parameter", arguments: ["username", "password"])
    func missing(_ name: String) async throws {
        let server = try await server()
        let form = [
            ("grant_type", "password"), ("username", "ann"), ("password", Demo.password), ("client_id", "phone"),
        ]
        let answer = await server.post("/auth/token", form.filter { $0.0 != name })
        #expect(answer.error == "invalid_request" && answer["error_description"]?.contains(name) == true)
    }

    @Test("a refresh token is issued if the client's attribute says so, and ends with the password")
    func refreshes() async throws {
        let server = try await server()
        try await server.add(["id": "sam", "password": .string(Demo.password)])
        #expect(await ask(server, "ann", Demo.password, [], as: ("desk", Demo.secret))["refresh_token"] == nil)
        let token = await ask(server, "sam")["refresh_token"] ?? ""
        func refresh(_ token: String) async -> Answer {
            await server.post(
                "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "phone")])
        }
        let next = await refresh(token)
        #expect(next.status == 200 && next["refresh_token"] != token)
        try await server.stored.set(password: Secret("another horse"), of: "sam")
        #expect(await refresh(next["refresh_token"] ?? "").error == "invalid_grant")
    }

    @Test("an ID token is issued on request, without a nonce")
    func identity() async throws {
        let server = try await server()
        #expect(await ask(server)["id_token"] == nil)
        let answer = await ask(server, "ann", Demo.password, [("client_id", "phone"), ("scope", "openid email")])
        let claims = server.keys.verify(answer["id_token"] ?? "", type: "JWT")?.claims
        #expect(claims?["sub"] == "ann" && claims?["nonce"] == nil && claims?["aud"] == "phone")
        let told = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(answer["access_token"] ?? "")")])
        #expect(told.json["email"] == "ann@example.com")
    }

    @Test("the user's document is included if configured, but never a password")
    func document() async throws {
        #expect(await ask(try await server()).json["userinfo"] == nil)
        let told = await ask(try await server(["userinfo": true])).json["userinfo"]
        #expect(told?["resourceType"] == "User" && told?["id"] == "ann" && told?["email"] == "ann@example.com")
        #expect(told?["data"]?["given_name"] == "Ann" && told?["password"] == nil)
        let refreshed = try await server(["userinfo": true])
        let service = await refreshed.token()
        #expect(service.status == 200 && service.json["userinfo"] == nil)
    }

    @Test("guessing is slowed down, and the response says for how long", .clause("RFC 9700 section 2.4"))
    func guesses() async throws {
        let server = try await server()
        var last = await ask(server)
        for _ in 0..<20 { last = await ask(server, "bob", "wrong") }
        #expect(last.status == 503 && last.error == "temporarily_unavailable")
        #expect((last.header("retry-after").flatMap { Int($0) } ?? 0) > 0)
        #expect(await ask(server, "bob").status == 503, "the right password does not help")
    }

    @Test("a scope that the client may not have is refused", .clause("RFC 6749 section 3.3"))
    func scope() async throws {
        let server = try await server()
        let answer = await ask(server, "ann", Demo.password, [("scope", "admin")], as: ("desk", Demo.secret))
        #expect(answer.error == "invalid_scope")
    }
}
