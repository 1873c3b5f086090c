// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("OpenID Connect Back-Channel and Front-Channel Logout", .timeLimit(.minutes(10)))
struct LogoutChannelTests {
    private static func leave(_ browser: Browser, _ flow: BasicOPTests.Flow) async -> Answer {
        await Leaving.logout(
            browser,
            [
                ("id_token_hint", flow.tokens["id_token"]), ("post_logout_redirect_uri", Leaving.goodbye),
                ("state", "s-2"),
            ])
    }

    private static func token(_ request: OutboundRequest) -> String {
        let body = String(decoding: request.body, as: UTF8.self)
        return body.hasPrefix("logout_token=") && !body.contains("&") ? String(body.dropFirst(13)) : ""
    }

    @Test(
        """
        oidcc-backchannel-logout-discovery-endpoint-verification, \
        oidcc-frontchannel-logout-discovery-endpoint-verification: the metadata announces both, with sessions
        """)
    func discovery() async throws {
        let metadata = await (try Leaving.server()).send("GET", "/.well-known/openid-configuration").json
        for name in ["backchannel", "frontchannel"] {
            #expect(
                metadata["\(name)_logout_supported"] == true && metadata["\(name)_logout_session_supported"] == true)
        }
        #expect(metadata["end_session_endpoint"] != nil)
    }

    @Test(
        "oidcc-backchannel-rp-initiated-logout: each client of the session gets a complete logout token",
        .clause("OpenID Connect Back-Channel Logout 1.0 section 2.4"),
        .clause("OpenID Connect Back-Channel Logout 1.0 section 2.5"))
    func backChannel() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        _ = try await Leaving.use("shop", server, browser)
        _ = try await Leaving.use("plain", server, browser)
        let answer = await Self.leave(browser, flow)
        #expect(answer.landing == Leaving.goodbye && answer.query["state"] == "s-2")
        #expect(await JobRunner(server.core).round() == 1, "one client has an address, and is told once")
        let request = try #require(outbound.requests.first)
        #expect(request.method == "POST" && request.url == "https://shop.example.com/logout")
        #expect(request.headers.contains { $0 == ("content-type", "application/x-www-form-urlencoded") })
        let jwt = try #require(server.keys.verify(Self.token(request), type: "logout+jwt"))
        let claims = jwt.claims
        #expect(jwt.header["alg"] == "ES256" && claims["iss"] == "https://id.example.com" && claims["aud"] == "shop")
        #expect(claims["sub"] == "ann" && claims["sid"] == flow.claims["sid"] && claims["nonce"] == nil)
        #expect(claims["events"] == ["http://schemas.openid.net/event/backchannel-logout": [:]])
        #expect(claims["jti"]?.string?.isEmpty == false && claims["iat"]?.integer == server.clock.now.seconds)
        #expect(claims["exp"]?.integer == server.clock.now.seconds + 120)
        #expect(await Leaving.isOver(browser))
        #expect(await Leaving.logout(browser, [("id_token_hint", Self.token(request))]).status == 200)
    }

    @Test("a client that does not respond is notified again, at growing intervals and with the same jti, up to a limit")
    func retries() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        let runner = JobRunner(server.core)
        let browser = Browser(server)
        outbound.answer(503)
        _ = await Self.leave(browser, try await Leaving.use("shop", server, browser))
        var pauses: [Int64] = []
        #expect(await runner.round() == 0 && outbound.requests.count == 1)
        for _ in 0..<3 {
            let before = (outbound.requests.count, server.clock.now)
            while outbound.requests.count == before.0 {
                server.clock.advance(.seconds(1))
                await runner.round()
            }
            pauses.append((server.clock.now - before.1).components.seconds)
        }
        #expect(pauses == [5, 10, 20])
        outbound.answer(0)
        server.clock.advance(.seconds(3600))
        #expect(await runner.round() == 0)
        outbound.answer(204)
        server.clock.advance(.seconds(3600))
        #expect(await runner.round() == 1)
        let ids = outbound.requests.compactMap { server.keys.verify(Self.token($0), type: "logout+jwt")?.claims["jti"] }
        #expect(ids.count == 6 && Set(ids).count == 1)
        server.clock.advance(.seconds(3600))
        #expect(await runner.round() == 0 && outbound.requests.count == 6, "nothing is left")
    }

    @Test("the server gives up on a client that never responds after the limit, and the log says so")
    func givenUp() async throws {
        let outbound = RecordedOutbound()
        let plugins = Plugins.all.map { setup in
            setup.type == Plugins.logout
                ? PluginSetup(setup.type, ["algorithm": "ES256", "delivery_limit": "2m", "delivery_wait": "0s"]) : setup
        }
        let server = try await Leaving.server(outbound, plugins)
        let browser = Browser(server)
        outbound.answer(500)
        _ = await Self.leave(browser, try await Leaving.use("shop", server, browser))
        for _ in 0..<300 {
            await JobRunner(server.core).round()
            server.clock.advance(.seconds(1))
        }
        #expect((4...6).contains(outbound.requests.count), "\(outbound.requests.count)")
        #expect(server.log.lines.contains { $0.contains("a job was abandoned") })
    }

    @Test("with many nodes, one delivers")
    func oneNode() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        for _ in 0..<10 {
            let before = outbound.requests.count
            let browser = Browser(server)
            let flow = try await Leaving.use("shop", server, browser)
            _ = try await Leaving.use("library", server, browser)
            _ = await Self.leave(browser, flow)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { await JobRunner(server.core).round() } }
            }
            #expect(outbound.requests.count == before + 2)
        }
    }

    @Test("a job of a node that dies is done by another node after its lease expires")
    func lease() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        let browser = Browser(server)
        _ = await Self.leave(browser, try await Leaving.use("shop", server, browser))
        let found = try await server.core.store.find("job", by: "queue", equals: "all", after: nil, limit: 10)
        var job = try #require(found.first)
        // What a node leaves behind that took the job and was killed.
        job.value["due"] = .integer(server.clock.now.seconds + 60)
        #expect(try await server.core.store.write([.replace(job, ifVersion: job.version)]) == .committed)
        #expect(await JobRunner(server.core).round() == 0)
        server.clock.advance(.seconds(61))
        #expect(await JobRunner(server.core).round() == 1 && outbound.requests.count == 1)
    }

    @Test(
        """
        oidcc-frontchannel-rp-initiated-logout: the page loads the client's URI with iss and sid in a frame, and may \
        load nothing else
        """, .clause("OpenID Connect Front-Channel Logout 1.0 section 2"))
    func frontChannel() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("library", server, browser)
        let flow = try await Leaving.use("shop", server, browser)
        let page = await Self.leave(browser, flow)
        #expect(page.status == 200 && page.heading == "You are signed out")
        let sid = flow.claims["sid"]?.string ?? ""
        let frame = "https://library.example.com/out?keep=1&amp;iss=https%3A%2F%2Fid.example.com&amp;sid=\(sid)"
        #expect(page.html.contains("<iframe src=\"\(frame)\""), "\(page.html)")
        #expect(page.html.contains("id=\"continue\" href=\"\(Leaving.goodbye)?state=s-2\""))
        let policy = page.header("content-security-policy") ?? ""
        #expect(policy.contains("frame-src https://library.example.com;") && policy.contains("script-src 'self'"))
        #expect(await Leaving.isOver(browser))
        // Pressed twice: the first page may never have been shown.
        let again = await Self.leave(browser, flow)
        #expect(again.html.contains("<iframe src=\"\(frame)\"") && again.heading == "You are signed out")
    }
}
