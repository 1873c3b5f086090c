// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Authorization code grant (RFC 6749 section 4.1)", .timeLimit(.minutes(10)))
struct AuthorizationCodeTests {
    @Test("a user signs in and consents, and the client gets tokens and learns who the user is")
    func wholeFlow() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let signIn = await browser.authorize(Demo.request())
        #expect(signIn.status == 200 && signIn.heading == "Sign in", "\(signIn.html)")
        let consent = await browser.signIn(signIn)
        #expect(consent.html.contains("The web application") && consent.html.contains("Ann Lee"))
        let landed = await browser.allow(consent)
        #expect(landed.status == 303 && landed.landing == Demo.callback)
        #expect(landed.query["state"] == "s-1" && landed.query["iss"] == "https://id.example.com")
        let tokens = await server.redeem(landed.query["code"] ?? "")
        #expect(tokens.status == 200, "\(tokens.html)")
        #expect(tokens["scope"] == "openid profile" && tokens["refresh_token"] != nil && tokens["id_token"] != nil)
        let info = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(tokens["access_token"] ?? "")")])
        #expect(info["sub"] == "ann" && info["given_name"] == "Ann" && info["email"] == nil, "\(info.html)")
    }

    @Test("showing a page writes nothing, approving is one commit, and redeeming is one")
    func commits() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst()
        let server = try await Demo.server(plugins)
        let store = try #require(server.countingStore)
        // The first sign-in of an account from an address is remembered too, in a collection that is not durable.
        _ = await server.code()
        let browser = Browser(server)
        var before = store.writes
        func commits() -> Int {
            defer { before = store.writes }
            return store.writes - before
        }
        let page = await browser.authorize(Demo.request())
        #expect(commits() == 0, "an anonymous request writes nothing")
        let consent = await browser.signIn(page)
        #expect(commits() == 1, "the session begins")
        let landed = await browser.allow(consent)
        #expect(commits() == 1, "consent and code")
        #expect(await server.redeem(landed.query["code"] ?? "").status == 200)
        #expect(commits() == 1, "the code is redeemed with all that comes of it")
        let again = await browser.authorize(Demo.request())
        #expect(again.status == 303 && commits() == 1, "nothing has to be asked again")
        let house = await server.code(in: Browser(server))
        #expect(house.status == 303 && commits() == 1, "where nothing is asked after signing in, all is one commit")
    }
    @Test("a code lasts exactly as long as documented", .clause("RFC 6749 section 4.1.2"), arguments: [59, 60])
    func lifetime(_ seconds: Int) async throws {
        let server = try await Demo.server()
        let code = await server.code().query["code"] ?? ""
        server.clock.advance(.seconds(seconds))
        let answer = await server.redeem(code, as: ("house", Demo.secret))
        #expect((answer.status == 200) == (seconds < 60))
        if seconds == 60 { #expect(answer.error == "invalid_grant") }
    }

    @Test(
        "a code is redeemed only by its own client, which must authenticate", .clause("RFC 6749 section 4.1.3"),
        arguments: [("lax", Demo.secret), ("house", "wrong"), ("web", Demo.secret)])
    func otherClient(_ id: String, _ secret: String) async throws {
        let server = try await Demo.server()
        let code = await server.code().query["code"] ?? ""
        let answer = await server.redeem(code, as: (id, secret))
        #expect(answer.status >= 400 && answer["access_token"] == nil)
        let own = await server.redeem(code, as: ("house", Demo.secret))
        #expect(own.status == 200, "it was not spent by others")
    }

    @Test(
        "a code that is unknown, truncated, extended or in another case is refused",
        arguments: ["", "x", "cut", "longer", "case"])
    func malformed(_ kind: String) async throws {
        let server = try await Demo.server()
        let code = await server.code().query["code"] ?? ""
        let codes = ["cut": String(code.dropLast()), "longer": code + "A", "case": code.lowercased()]
        let answer = await server.redeem(codes[kind] ?? kind, as: ("house", Demo.secret))
        #expect(answer.error == (kind.isEmpty ? "invalid_request" : "invalid_grant"))
    }

    @Test("a code cannot be redeemed once its user is inactive or has a new password")
    func userEnds() async throws {
        let server = try await Demo.server()
        let code = await server.code().query["code"] ?? ""
        var ann = Demo.users[0]
        ann["inactive"] = true
        server.core.install(try await server.generation(Plugins.all, clients: [Demo.house], users: [ann]))
        #expect(await server.redeem(code, as: ("house", Demo.secret)).error == "invalid_grant")
        ann["inactive"] = false
        ann["password"] = "another password"
        server.core.install(try await server.generation(Plugins.all, clients: [Demo.house], users: [ann]))
        #expect(await server.redeem(code, as: ("house", Demo.secret)).error == "invalid_grant")
    }

    @Test("a refresh token outlives the session, but not a change of the user's password")
    func refreshes() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request([("scope", "openid offline_access")])))
        let tokens = await server.redeem(await browser.allow(consent).query["code"] ?? "")
        func refresh(_ token: String?) async -> Answer {
            await server.post(
                "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token ?? "")],
                as: ("web", Demo.secret))
        }
        server.clock.advance(.seconds(20 * 86400))
        let second = await refresh(tokens["refresh_token"])
        server.clock.advance(.seconds(20 * 86400))
        let third = await refresh(second["refresh_token"])
        #expect(second.status == 200 && third.status == 200, "it slides with each use")
        var ann = Demo.users[0]
        ann["password"] = "another password"
        server.core.install(try await server.generation(Plugins.all, clients: [Demo.web], users: [ann]))
        #expect(await refresh(third["refresh_token"]).error == "invalid_grant")
        server.clock.advance(.seconds(31 * 86400))
        #expect(await refresh(third["refresh_token"]).error == "invalid_grant")
    }
}
