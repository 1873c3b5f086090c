// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Token revocation (RFC 7009)", .timeLimit(.minutes(10)))
struct RevocationTests {
    private func tokens(_ server: TestServer) async -> Answer {
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        return await server.redeem(await browser.allow(consent).query["code"] ?? "")
    }

    private func revoke(
        _ server: TestServer, _ token: String, _ more: [(String, String)] = [],
        as client: (id: String, secret: String)? = ("web", Demo.secret)
    ) async -> Answer {
        await server.post("/auth/revoke", [("token", token)] + more, as: client)
    }

    private func refresh(_ server: TestServer, _ token: String) async -> Answer {
        await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token)], as: ("web", Demo.secret))
    }

    private func isActive(_ server: TestServer, _ token: String) async -> Bool {
        await server.introspect(token, as: "web", Demo.secret).json["active"] == true
    }

    @Test(
        "a revoked access token is inactive at once, and its refresh token still works", .clause("RFC 7009 section 2.1")
    )
    func access() async throws {
        for format in ["opaque", "jwt"] {
            var client = Demo.web
            client["auth"] = [
                "authorization_code": [
                    "redirect_uri": .string(Demo.callback), "refresh_token": true, "token_format": .string(format),
                ]
            ]
            let server = try await Demo.server(clients: [client])
            let tokens = await tokens(server)
            let token = tokens["access_token"] ?? ""
            #expect(await isActive(server, token))
            let answer = await revoke(server, token)
            #expect(answer.status == 200 && answer.body.isEmpty && answer.header("cache-control") == "no-store")
            #expect(await !isActive(server, token))
            #expect(await refresh(server, tokens["refresh_token"] ?? "").status == 200)
        }
    }

    @Test("revoking a refresh token ends everything issued under its grant", .clause("RFC 7009 section 2.1"))
    func refreshToken() async throws {
        let server = try await Demo.server()
        let tokens = await tokens(server)
        let token = tokens["refresh_token"] ?? ""
        #expect(await revoke(server, token, [("token_type_hint", "access_token")]).status == 200)
        #expect(await refresh(server, token).error == "invalid_grant")
        #expect(await !isActive(server, tokens["access_token"] ?? ""))
    }

    @Test(
        "revoking an unknown, malformed or already revoked token succeeds",
        .clause("RFC 7009 section 2.2"), arguments: ["x", "gat_", "a.b.c", "grt.a.0.b"])
    func unknown(_ token: String) async throws {
        let server = try await Demo.server()
        #expect(await revoke(server, token, [("token_type_hint", "magic")]).status == 200)
    }

    @Test(
        "revoking a refresh token that was already rotated also ends its grant",
        .clause("RFC 7009 section 2.1"), arguments: 1...3)
    func rotated(_ times: Int) async throws {
        let server = try await Demo.server()
        let first = await tokens(server)
        let old = first["refresh_token"] ?? ""
        var latest = first
        for _ in 0..<times { latest = await refresh(server, latest["refresh_token"] ?? "") }
        #expect(await !isActive(server, old), "it is over for everybody else")
        let stranger = await revoke(server, old, as: ("house", Demo.secret))
        #expect(stranger.error == "invalid_grant")
        let parts = old.utf8.split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
        let guesses = ["grt.\(parts[1]).0.x-AAAA", "grt.\(parts[1]).9.\(parts[3])", old + "A", String(old.dropLast())]
        for guess in guesses { #expect(await revoke(server, guess).status == 200) }
        #expect(await isActive(server, latest["access_token"] ?? ""), "neither a stranger nor a guess ended anything")
        #expect(await revoke(server, old).status == 200)
        #expect(await !isActive(server, latest["access_token"] ?? ""))
        #expect(await !isActive(server, first["access_token"] ?? ""))
        #expect(await refresh(server, latest["refresh_token"] ?? "").error == "invalid_grant")
        #expect(server.log.lines.count { $0.contains("the client revoked the refresh token") } == 1)
        #expect(await revoke(server, old).status == 200, "pressed twice")
    }

    @Test("a client cannot revoke another client's token", .clause("RFC 7009 section 2.1"))
    func otherClient() async throws {
        let server = try await Demo.server()
        let tokens = await tokens(server)
        for name in ["access_token", "refresh_token"] {
            let token = tokens[name] ?? ""
            let answer = await revoke(server, token, as: ("house", Demo.secret))
            #expect(answer.status == 400 && answer.error == "invalid_grant")
        }
        #expect(await isActive(server, tokens["access_token"] ?? ""))
    }

    @Test("a client that has a secret must authenticate", .clause("RFC 7009 section 2.1"))
    func authenticates() async throws {
        let server = try await Demo.server()
        let token = await tokens(server)["access_token"] ?? ""
        #expect(await revoke(server, token, as: ("web", "wrong")).status == 401)
        #expect(await revoke(server, token, [("client_id", "web")], as: nil).status == 401)
        #expect(await revoke(server, token, as: nil).status == 401)
        #expect(await server.post("/auth/revoke", [], as: ("web", Demo.secret)).error == "invalid_request")
        #expect(await isActive(server, token))
    }

    @Test("a code that was redeemed before its grant was revoked gets nothing")
    func code() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        let first = await server.redeem(await browser.allow(consent).query["code"] ?? "")
        _ = await revoke(server, first["refresh_token"] ?? "")
        let second = await browser.authorize(Demo.request())
        #expect(await server.redeem(second.query["code"] ?? "").status == 200, "another grant of the same session")
    }
}

@Suite("Codes and refresh tokens under concurrency", .timeLimit(.minutes(10)))
struct CodeRaceTests {
    @Test(
        "of 64 racing redemptions of one code one succeeds, and the replays revoke what it got",
        .clause("RFC 6749 section 4.1.2"), arguments: 0..<Races.rounds)
    func codes(_ round: Int) async throws {
        let server = try await Self.server.value
        let code = try await Self.code(server)
        let answers = await Self.race { await server.redeem(code, as: ("house", Demo.secret)) }
        let won = answers.filter { $0.status == 200 }
        #expect(won.count == 1 && answers.allSatisfy { $0.status == 200 || $0.error == "invalid_grant" })
        let token = won.first?["access_token"] ?? ""
        #expect(await server.introspect(token, as: "house", Demo.secret).json["active"] == false)
    }

    /// One server and one session for all rounds, since a sign-in costs a slow hash.
    private static let server = Task { try await Demo.server() }
    private static let browser = Task {
        let browser = Browser(try await server.value)
        _ = await browser.server.code(in: browser)
        return browser
    }

    private static func code(_ server: TestServer) async throws -> String {
        let answer = await server.code(in: try await browser.value)
        return try #require(answer.query["code"])
    }

    private static func race(_ body: @escaping @Sendable () async -> Answer) async -> [Answer] {
        await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask(operation: body) }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
