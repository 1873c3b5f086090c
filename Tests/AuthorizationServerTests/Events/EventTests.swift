// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Events are recorded", .timeLimit(.minutes(10)))
struct EventTests {
    private func server(required: Bool = false) async throws -> (TestServer, RecordingSink.Records) {
        let sink = RecordingSink.make(required: required)
        return (try await Demo.server(Plugins.all + [sink.setup]), sink.records)
    }

    private func kinds(_ events: [Event]) -> [Event.Kind] { events.map(\.kind) }

    @Test("a sign-in with consent, its code, a refresh and a replay are events that refer to each other")
    func wholeRun() async throws {
        let (server, records) = try await server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request([("scope", "openid email offline_access")]))
        let consent = await browser.signIn(await browser.signIn(page, "ann", "not the password"))
        let landed = await browser.allow(consent, ["offline_access"])
        let code = landed.query["code"] ?? ""
        let tokens = await server.redeem(code)
        _ = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"] ?? "")],
            as: ("web", Demo.secret))
        _ = await server.redeem(code)
        let events = try await records.wait { $0.kind == .refused && $0.grant == "authorization_code" }
        #expect(
            kinds(events) == [
                .signInFailed, .signedIn, .consented, .issued, .issued, .issued, .replayed, .grantRevoked, .refused,
            ])
        guard events.count == 9 else { return }
        #expect(events.allSatisfy { $0.client == "web" && $0.address == "192.0.2.1" && $0.requestID == "request-1" })
        #expect(events.allSatisfy { $0.time == server.clock.now })
        #expect(events.prefix(7).allSatisfy { $0.subject == .user("ann") })
        #expect(events[0].details == ["rule": "wrong password"])
        #expect(events[1].details["amr"] == ["pwd"])
        #expect(events[2].details == ["asked": "openid email offline_access", "scope": "openid offline_access"])
        #expect(events[3].details["issued"] == ["code"] && events[3].tokenID == nil)
        #expect(events[4].details["issued"] == ["access_token", "refresh_token", "id_token"])
        #expect(events[5].grant == "refresh_token" && events[5].tokenID != events[4].tokenID)
        let grants = Set(events[4...7].compactMap(\.grantID) + [events[3].grantID ?? ""])
        #expect(grants.count == 1 && events[7].grantID != nil, "all that came of one consent")
        #expect(Set([1, 2, 3, 4, 5, 6].map { events[$0].sessionID }).count == 1 && events[1].sessionID != nil)
        #expect(events[7].details["rule"] == "it was redeemed twice")
        #expect(events[8].details["rule"]?.string?.contains("redeemed before") == true)
        #expect(events[8].details["error"] == "invalid_grant" && events[8].details["endpoint"] == "token")
    }

    @Test("a denied consent, a revoked token and a reused refresh token are events")
    func others() async throws {
        let (server, records) = try await server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        _ = await browser.submit(consent, [("decision", "deny")])
        let tokens = await server.redeem(await server.code().query["code"] ?? "", as: ("house", Demo.secret))
        _ = await server.post("/auth/revoke", [("token", tokens["access_token"] ?? "")], as: ("house", Demo.secret))
        let events = try await records.wait { $0.kind == .tokenRevoked }
        let denied = events.first { $0.kind == .consentDenied }
        #expect(denied?.subject == .user("ann") && denied?.details["asked"] == "openid profile")
        let issued = events.last { $0.kind == .issued }
        let revoked = events.last { $0.kind == .tokenRevoked }
        #expect(issued?.tokenID != nil && revoked?.tokenID == issued?.tokenID && revoked?.client == "house")
    }

    @Test("an unknown user name is not recorded, since it may be a password in the wrong field")
    func typed() async throws {
        let (server, records) = try await server()
        let browser = Browser(server)
        var page = await browser.authorize(Demo.request())
        for name in ["correct horse battery", String(repeating: "long", count: 60)] {
            page = await browser.signIn(page, name, "another secret")
        }
        let second = await browser.signIn(page, "ida@example.com")
        #expect(second.heading == "Sign in")
        let events = try await records.wait { $0.details["rule"] == "inactive" }
        #expect(events.map { $0.details["rule"] } == ["unknown account", "unknown account", "inactive"])
        #expect(events.map(\.subject) == [nil, nil, .user("ida")])
        #expect(!"\(events)".contains("horse") && !"\(events)".contains("longlong"))
    }

    @Test("throttled attempts are events")
    func heldBack() async throws {
        let (server, records) = try await server()
        let browser = Browser(server)
        var page = await browser.authorize(Demo.request())
        for _ in 0..<25 { page = await browser.signIn(page, "ann", "a guess") }
        let events = try await records.wait { $0.kind == .signInDelayed }
        #expect(events.contains { $0.kind == .signInDelayed && ($0.details["seconds"]?.integer ?? 0) > 0 })
    }

    @Test(
        "a refusal names its rule, and an unauthenticated client is not reported as authenticated",
        arguments: [
            ("the secret is wrong", "wrong", "read", "invalid_client", "client 'service' sent a wrong secret"),
            (
                "the scope is more than the client's", TestServer.serviceSecret, "admin", "invalid_scope",
                "the client requested a scope that it may not have"
            ),
        ])
    func refusals(_ what: String, _ secret: String, _ scope: String, _ error: String, _ rule: String) async throws {
        let (server, records) = try await server()
        _ = await server.post(
            "/auth/token", [("grant_type", "client_credentials"), ("scope", scope)], as: ("service", secret))
        let event = try #require(try await records.wait { _ in true }.first)
        #expect(event.kind == .refused && event.details["error"] == .string(error))
        #expect(event.details["rule"] == .string(rule))
        #expect(event.client == (error == "invalid_client" ? nil : "service"))
    }

    @Test("no event contains a secret or a token that was sent or issued", .timeLimit(.minutes(10)))
    func noSecrets() async throws {
        let (server, records) = try await server()
        let browser = Browser(server)
        let landed = await browser.allow(await browser.signIn(await browser.authorize(Demo.request())))
        let tokens = await server.redeem(landed.query["code"] ?? "")
        let own = await server.token()
        _ = try await records.wait { $0.subject == .client("service") }
        let text = "\(records.events)"
        let secrets =
            [
                Demo.password, Demo.secret, TestServer.serviceSecret, Demo.verifier, landed.query["code"],
                own["access_token"],
            ]
            + ["access_token", "refresh_token", "id_token"].map { tokens[$0] }
            + browser.cookies.values.map { $0.split(separator: ".").last.map(String.init) }
        for secret in secrets.compactMap(\.self) where !secret.isEmpty { #expect(!text.contains(secret)) }
        #expect(text.contains("ann"))
    }

    @Test("without a sink, events are not even created")
    func free() async throws {
        let server = try await Demo.server()
        var isMade = false
        func make() -> Event {
            isMade = true
            return Event(.issued)
        }
        server.core.events.record(make())
        #expect(!isMade)
        #expect(await server.token().status == 200)
    }

    @Test("when the queue is full, the newest events are dropped, and the sink is told how many")
    func full() async throws {
        let (server, records) = try await server()
        records.fail(true)
        let count = EventQueue.capacity + 100
        server.core.events.record(Event(.issued, details: ["n": 0]))
        let queue = try #require(server.core.generation?.plugins.last?.queues.first)
        try await Patience.wait { queue.isFailing }
        for number in 1..<count { server.core.events.record(Event(.issued, details: ["n": .integer(Int64(number))])) }
        #expect(server.core.metrics.text.contains("grantor_events_lost_total 100\n"))
        #expect(server.core.metrics.text.contains("# TYPE grantor_events_lost_total counter"))
        #expect(server.core.metrics.text.contains("grantor_events_waiting \(EventQueue.capacity)\n"))
        #expect(await server.token().status == 200, "requests continue")
        records.fail(false)
        let events = try await records.wait { $0.kind == .eventsLost }
        #expect(events.count == EventQueue.capacity + 1, "each that was taken is written once")
        #expect(events.dropLast().enumerated().allSatisfy { $1.details["n"] == .integer(Int64($0)) }, "in their order")
        #expect(events.last?.kind == .eventsLost && events.last?.details["count"] == 101)
    }

    @Test("while a required sink cannot write, requests are refused, and nothing is lost")
    func required() async throws {
        let (server, records) = try await server(required: true)
        records.fail(true)
        #expect(await server.token().status == 200, "nobody knows yet")
        try await Patience.wait { await server.token().status != 200 }
        let refused = await server.token()
        #expect(refused.status == 503 && refused.error == "temporarily_unavailable")
        #expect(
            await HealthEndpoint(server.core).respond(to: RequestHead(method: "GET", path: "/health/ready")).status
                == 503)
        #expect(await server.send("GET", "/.well-known/jwks.json").status == 200, "what is published stays so")
        records.fail(false)
        try await Patience.wait { await server.token().status == 200 }
        #expect(await server.token().status == 200)
        #expect(server.core.metrics.text.contains("grantor_events_lost_total 0\n"))
    }

    @Test("waiting events are still written when a plugin stops")
    func stop() async throws {
        let (server, records) = try await server()
        for _ in 0..<3000 { server.core.events.record(Event(.issued)) }
        for plugin in try #require(server.core.generation).plugins { await plugin.stop() }
        #expect(records.events.count == 3000)
    }
}
