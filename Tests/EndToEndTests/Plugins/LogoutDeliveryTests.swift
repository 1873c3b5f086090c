// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The end of a session reaches the clients", .timeLimit(.minutes(10)))
struct LogoutDeliveryTests {
    private static func configuration(_ callback: UInt16, hanging: UInt16 = 9) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - plugin: sqlite-store
            settings: { path: grantor.db }
          - opaque-token
          - authorization-code
          - password-login
          - openid
          - logout
        clients:
          - id: shop
            secret: demo-shop
            first_party: true
            grant_types: [authorization_code]
            scope: [openid]
            backchannel_logout_uri: http://127.0.0.1:\(callback)/logout
            auth:
              authorization_code: { redirect_uri: "https://shop.example/callback", pkce: false }
          - id: hangs
            secret: demo-shop
            first_party: true
            grant_types: [authorization_code]
            scope: [openid]
            backchannel_logout_uri: http://127.0.0.1:\(hanging)/logout
            auth:
              authorization_code: { redirect_uri: "https://shop.example/callback", pkce: false }
        users:
          - { id: ann, password: demo-ann }
        """
    }

    private static func signIn(
        _ program: Program, _ client: String = "shop"
    ) throws -> (browser: WebBrowser, hint: String) {
        let browser = WebBrowser(program)
        let page = try browser.open("/auth/authorize?response_type=code&client_id=\(client)&scope=openid")
        let landed = try browser.submit(page, [("username", "ann"), ("password", "demo-ann")])
        let code = try #require((landed.header("location") ?? "").firstMatch(of: /code=([^&]*)/)).1
        let tokens = try program.post(
            "/auth/token", [("grant_type", "authorization_code"), ("code", String(code))], as: (client, "demo-shop"))
        return (browser, try #require(tokens["id_token"]))
    }

    @Test("an undelivered logout token survives kill -9 of the server and arrives once it can")
    func killed() async throws {
        try await Folder.with { folder in
            // A port at which nothing listens yet.
            let port = try FreePort.take()
            try folder.write("config.yaml", Self.configuration(port))
            let first = try await Program.start(folder, secrets: ["demo-shop", "demo-ann"])
            let (browser, hint) = try Self.signIn(first)
            let page = try browser.open("/auth/logout?id_token_hint=\(hint)")
            #expect(page.body.contains("You are signed out"), "\(page.head)")
            try await Patience.wait { first.log.contains("tried again later") }
            #expect(first.log.contains("tried again later"), "\(first.log)")
            first.kill9()
            let shop = try OtherServer(port: port) { _ in OtherServer.reply("200 OK") }
            let second = try await Program.start(folder, secrets: ["demo-shop", "demo-ann"])
            defer { second.stop() }
            try await Patience.wait { !shop.requests.isEmpty }
            let request = try #require(shop.requests.first, "\(second.log)")
            #expect(request.hasPrefix("POST /logout HTTP/1.1\r\n") && request.contains("\r\n\r\nlogout_token=ey"))
            try await Task.sleep(for: .seconds(7))
            #expect(shop.requests.count == 1, "what was delivered is not sent again")
        }
    }

    @Test("a client that accepts and never responds delays neither a sign-out nor another client's logout token")
    func hanging() async throws {
        try await Folder.with { folder in
            let shop = try OtherServer { _ in OtherServer.reply("200 OK") }
            let hangs = try OtherServer { _ in nil }
            try folder.write("config.yaml", Self.configuration(shop.port, hanging: hangs.port))
            let program = try await Program.start(folder, secrets: ["demo-shop", "demo-ann"])
            defer { program.stop() }
            for _ in 0..<12 {
                let (browser, hint) = try Self.signIn(program, "hangs")
                let start = ContinuousClock.now
                let page = try browser.open("/auth/logout?id_token_hint=\(hint)")
                #expect(page.body.contains("You are signed out") && ContinuousClock.now - start < .seconds(4))
            }
            let (browser, hint) = try Self.signIn(program)
            _ = try browser.open("/auth/logout?id_token_hint=\(hint)")
            #expect(shop.requests.count == 1, "it is told before the browser is sent on")
            #expect((1...8).contains(hangs.requests.count))
        }
    }

    private static func time(of path: String, in browser: WebBrowser, until isSo: () -> Bool) async throws -> Duration {
        let start = ContinuousClock.now
        _ = try browser.open(path)
        // Sleeps even if the condition holds already, since another test may need the thread.
        try await Task.sleep(for: .milliseconds(5))
        try await Patience.wait { isSo() }
        return ContinuousClock.now - start
    }

    @Test("a logout token is sent as soon as the session has ended, even if no browser waits for it")
    func atOnce() async throws {
        try await Folder.with { folder in
            let shop = try OtherServer { _ in OtherServer.reply("200 OK") }
            let unwaiting = "  - plugin: logout\n    settings: { delivery_wait: 0s }"
            try folder.write(
                "config.yaml", Self.configuration(shop.port).replacing("  - logout", with: unwaiting))
            let program = try await Program.start(folder, secrets: ["demo-shop", "demo-ann"])
            defer { program.stop() }
            let sessions = try (0..<8).map { _ in try Self.signIn(program) }
            var (taken, plain) = (Duration.zero, Duration.zero)
            for (number, session) in sessions.enumerated() {
                let logout = "/auth/logout?id_token_hint=\(session.hint)"
                taken += try await Self.time(of: logout, in: session.browser) { shop.requests.count > number }
                #expect(shop.requests.count == number + 1)
                // Once more without a client to notify: how long the request and the check take on this machine.
                plain += try await Self.time(of: logout, in: session.browser) { !shop.requests.isEmpty }
            }
            // Otherwise, each would wait for the next check of the store, which happens every five seconds: 35 seconds
            // in total.
            #expect(taken < .seconds(25) + plain * 3, "\(taken) beside \(plain)")
        }
    }
}
