// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The examples of a token format, a page and a step", .serialized, .timeLimit(.minutes(20)))
struct ExamplesTests {
    // MARK: paseto-token

    private func paseto(_ library: String, _ settings: String) -> String {
        """
        issuer: http://127.0.0.1:8080
        listen: { port: 0 }
        plugins:
          - memory-store
          - client-credentials
          - introspection
          - { plugin: paseto-token, library: \(library), settings: { \(settings) } }
        clients:
          - { id: orders, secret: the secret of the orders, grant_types: [client_credentials], scope: [read] }
        """
    }

    @Test("paseto-token: its tests pass, and a token outlives its key as long as the public half is configured")
    func pasetoToken() async throws {
        try await Folder.with { folder in
            let library = try ExamplePackage(folder: "PasetoToken", library: "paseto-token").build(in: folder)
            // 32 bytes each.
            let first = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
            let second = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
            let client = ("orders", "the secret of the orders")
            try folder.write("config.yaml", paseto(library, "secret_key: \(first)"))
            let program = try await Program.start(folder, secrets: [first, client.1])
            let token = try #require(try program.token(client.0, client.1)["access_token"])
            #expect(token.hasPrefix("v4.public."))
            let metadata = try program.get("/.well-known/oauth-authorization-server").json
            let key = try #require(metadata["paseto_public_keys"]?.elements.first?.string)
            let shown = try program.post("/auth/introspect", [("token", token)], as: client)
            #expect(shown.json["active"] == true && shown["scope"] == "read" && shown["client_id"] == "orders")
            #expect(program.stop() == 0)

            for (former, isActive) in [("", false), (key, true)] {
                try folder.write(
                    "config.yaml", paseto(library, "secret_key: \(second), former_public_keys: [\(former)]"))
                let next = try await Program.start(folder, secrets: [second, token])
                let found = try next.post("/auth/introspect", [("token", token)], as: client)
                #expect(found.json["active"] == .bool(isActive))
                #expect(next.stop() == 0)
            }
            try folder.write("config.yaml", paseto(library, "secret_key: short"))
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 78 && ended.errors.contains("'secret_key' must be 32 bytes"), "\(ended)")
        }
    }

    // MARK: notice-board

    @Test("notice-board: its tests pass, a user signs in and confirms the notice, and a client sees it")
    func noticeBoard() async throws {
        try await Folder.with { folder in
            let library = try ExamplePackage(folder: "NoticeBoard", library: "notice-board").build(in: folder)
            try folder.write(
                "config.yaml",
                """
                issuer: http://127.0.0.1:8080
                listen: { port: 0 }
                plugins:
                  - memory-store
                  - opaque-token
                  - authorization-code
                  - client-credentials
                  - password-login
                  - plugin: notice-board
                    library: \(library)
                    settings: { notice: terms-2027, text_en: Parcels are kept for two weeks., text_de: Zwei Wochen. }
                clients:
                  - { id: office, secret: the secret of the office, grant_types: [client_credentials], scope: [notices] }
                users:
                  - { id: ann, password: the password of ann }
                """)
            let program = try await Program.start(folder, secrets: ["the secret of the office", "the password of ann"])
            let browser = WebBrowser(program)
            let signIn = try browser.open("/auth/notice")
            let page = try browser.submit(
                signIn, [("username", "ann"), ("password", "the password of ann")], to: "/auth/notice")
            #expect(page.body.contains("Parcels are kept for two weeks.") && page.body.contains("I have read this"))
            // The button is pressed twice.
            for _ in 0..<2 { #expect(try browser.submit(page, [], to: "/auth/notice").status == 303) }
            let confirmed = try browser.open("/auth/notice")
            #expect(confirmed.body.contains("You confirmed this on") && !confirmed.body.contains("I have read this"))
            #expect(try browser.open("/").body.contains("A notice for you"), "the start page links to it")

            let form = [("grant_type", "client_credentials"), ("scope", "notices")]
            let answer = try program.post("/auth/token", form, as: ("office", "the secret of the office"))
            let token = try #require(answer["access_token"])
            let list = try HTTPSocket(port: program.port).exchange(
                "GET /auth/notice/confirmations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
                    + "Connection: close\r\n\r\n")
            #expect(list.status == 200 && list["notice"] == "terms-2027")
            let all = list.json["confirmations"]?.elements ?? []
            #expect(all.count == 1 && all.first?["user"] == "ann")
            #expect(try program.get("/auth/notice/confirmations").status == 401)
            #expect(program.stop() == 0)
        }
    }

    // MARK: mail-code

    @Test("mail-code: its tests pass, and after the password a user types a code that was sent by mail")
    func mailCode() async throws {
        try await Folder.with { folder in
            let library = try ExamplePackage(folder: "MailCode", library: "mail-code").build(in: folder)
            let gateway = try OtherServer { _ in OtherServer.reply("202 Accepted", body: "{}") }
            try folder.write(
                "config.yaml",
                """
                issuer: http://127.0.0.1:8080
                listen: { port: 0 }
                plugins:
                  - memory-store
                  - opaque-token
                  - authorization-code
                  - password-login
                  - plugin: mail-code
                    library: \(library)
                    settings:
                      gateway: http://127.0.0.1:\(gateway.port)/send
                      gateway_secret: the-secret-of-the-gateway
                      from: no-reply@example.com
                users:
                  - id: ann
                    email: ann@example.com
                    password: the password of ann
                    data: { email_verified: true }
                """)
            let program = try await Program.start(
                folder, secrets: ["the password of ann", "the-secret-of-the-gateway", "ann@example.com"])
            let (browser, path) = (WebBrowser(program), "/auth/password")
            let signIn = try browser.open(path)
            let asked = try browser.submit(
                signIn, [("username", "ann"), ("password", "the password of ann")], to: path)
            #expect(asked.body.contains("a•••@example.com") && !asked.body.contains("ann@example.com"))
            let sent = try browser.submit(asked, [("send", "1")], to: path)
            #expect(sent.body.contains("Type the code that was sent"), "\(sent.head)")
            try await Patience.wait { !gateway.requests.isEmpty }
            let mail = try #require(gateway.requests.first)
            #expect(mail.contains("Bearer the-secret-of-the-gateway") && mail.contains(#""to":"ann@example.com""#))
            let code = String(try #require(mail.firstMatch(of: /Your code is ([0-9]{6})/)).1)
            let wrong = try browser.submit(sent, [("code", code == "000000" ? "000001" : "000000")], to: path)
            #expect(wrong.body.contains("This is not the code"), "\(wrong.head)")
            let early = try browser.submit(wrong, [("send", "1")], to: path)
            #expect(early.body.contains("A code was sent less than a minute ago"), "\(early.head)")
            let landed = try browser.submit(early, [("code", code)], to: path)
            #expect(landed.body.contains("Your password cannot be changed here"), "\(landed.head)")
            #expect(gateway.requests.count == 1)
            #expect(program.stop() == 0)
        }
    }
}
