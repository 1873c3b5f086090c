// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// Keys in a service that does not answer.
private struct UnreachableKeys: KeyRing {
    private let error = StoreError("the key service cannot be reached")
    let algorithms = ["ES256"]

    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String { throw error }
    func verify(_ token: String, type: String) async throws -> VerifiedJWT? { throw error }
    func authenticationCode(_ message: String, purpose: String) async throws -> String { throw error }
    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool { throw error }
    func seal(_ text: String, purpose: String) async throws -> String { throw error }
    func open(_ sealed: String, purpose: String) async throws -> String? { throw error }
}

@Suite("While the server's keys cannot be reached, requests are refused for now", .timeLimit(.minutes(10)))
struct UnreachableKeysTests {
    private func serve(_ server: TestServer, with keys: any KeyRing) {
        server.core.open(
            store: CheckedStore(server.core.store, of: "memory-store"), keys: keys, publicJWKS: server.keys.publicJWKS)
    }

    private static let web = (id: "web", secret: Demo.secret)

    private func server() async throws -> TestServer {
        try await TestServer(
            clients: [Demo.web, TestServer.service], users: Demo.users, format: "jwt", passwords: CountingPasswords())
    }

    private func issue(on server: TestServer) async throws -> Answer {
        let browser = Browser(server)
        let request = Demo.request([("scope", "openid offline_access")])
        let consent = await browser.signIn(await browser.authorize(request))
        return await server.redeem(try #require(await browser.allow(consent).query["code"]))
    }

    @Test("a token is neither issued nor taken for foreign, and counts again afterwards")
    func tokens() async throws {
        let server = try await server()
        let issued = try await issue(on: server)
        let access = try #require(issued["access_token"])
        let refresh = try #require(issued["refresh_token"])
        let redeem = [("grant_type", "refresh_token"), ("refresh_token", refresh)]
        serve(server, with: UnreachableKeys())
        let answers = [
            await server.token(), await server.introspect(access), await server.introspect(refresh),
            await server.post("/auth/token", redeem, as: Self.web),
            await server.post("/auth/revoke", [("token", refresh)], as: Self.web),
        ]
        for answer in answers { #expect(answer.status == 503 && answer.error == "temporarily_unavailable") }
        let line = try #require(server.log.lines.last { $0.hasPrefix("error failed") })
        #expect(line.contains("the key service cannot be reached"))
        serve(server, with: server.keys)
        #expect(await server.post("/auth/token", redeem, as: Self.web).status == 200)
    }

    @Test("a page says so, and its form can be sent again afterwards")
    func pages() async throws {
        let server = try await server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request())
        serve(server, with: UnreachableKeys())
        #expect(await browser.signIn(page).status == 503)
        #expect(await browser.authorize(Demo.request()).status == 503)
        #expect(await browser.post("/auth/authorize", Demo.request()).status == 503)
        #expect(await browser.open("/auth/sessions").status == 503)
        #expect(browser.cookies[Browser.session] == nil)
        serve(server, with: server.keys)
        #expect(await browser.signIn(page).heading == "Allow access to your account?")
    }
}
