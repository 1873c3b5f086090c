// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Security event tokens reach their receivers", .timeLimit(.minutes(10)))
struct WebhooksTests {
    // MARK: what is sent

    @Test(
        "each promised event gives each receiver one token, with the claims of its specification",
        .clause("RFC 8417 section 2.2"))
    func everyKind() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(outbound, [Hooks.receiver(), Hooks.receiver(Hooks.second)])
        try await Hooks.makeAll(server)
        let promised = Event.Kind.promised.map(\.rawValue).sorted()
        #expect(await JobRunner(server.core).round() == promised.count * 2)
        for (url, audience) in [(Hooks.first, "https://a.example.com"), (Hooks.second, "https://b.example.com")] {
            let sent = try outbound.requests.filter { $0.url == url }.map { try Hooks.claims($0, server) }
            #expect(try sent.map(Hooks.kind).sorted() == promised)
            #expect(sent.allSatisfy { $0["aud"] == .string(audience) && $0["iss"] == "https://id.example.com" })
            #expect(sent.allSatisfy { $0["iat"]?.integer == server.clock.now.seconds && $0["sub"] == nil })
            #expect(sent.allSatisfy { $0["sub_id"]?["format"] != nil && $0["exp"] == nil })
            let ofRequests = try sent.filter { try Hooks.kind($0) == "signed_in" }
            #expect(ofRequests.map { $0["txn"] } == ["request-1"])
        }
        let ids = try outbound.requests.map { try Hooks.claims($0, server)["jti"]?.string }
        #expect(Set(ids).count == promised.count * 2, "each token has an id of its own")
    }

    @Test("the request has the media type of RFC 8935", .clause("RFC 8935 section 2.1"))
    func request() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(
            outbound,
            [
                Hooks.receiver(Hooks.first, [("secret", "token-of-the-server")]),
                Hooks.receiver(Hooks.second, [("secret", "key-of-the-server"), ("header", "X-Api-Key")]),
            ])
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        #expect(await JobRunner(server.core).round() == 2)
        for request in outbound.requests {
            #expect(request.method == "POST")
            #expect(request.headers.contains { $0 == ("content-type", "application/secevent+jwt") })
            #expect(request.headers.contains { $0 == ("accept", "application/json") })
        }
        func header(_ name: String, _ url: String) -> String? {
            outbound.requests.first { $0.url == url }?.headers.first { $0.name == name }?.value
        }
        #expect(header("authorization", Hooks.first) == "Bearer token-of-the-server")
        #expect(header("x-api-key", Hooks.second) == "key-of-the-server")
        #expect(header("authorization", Hooks.second) == nil)
    }

    @Test("a receiver gets only the events that it asks for")
    func chosen() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(
            outbound,
            [
                Hooks.receiver(
                    Hooks.first, [("events", ["session_ended", "user_changed"]), ("audience", "the-first")]),
                Hooks.receiver(Hooks.second, [("events", "signed_in")]),
            ])
        try await Hooks.makeAll(server)
        #expect(await JobRunner(server.core).round() == 3)
        let first = try outbound.requests.filter { $0.url == Hooks.first }.map { try Hooks.claims($0, server) }
        #expect(try first.map(Hooks.kind).sorted() == ["session_ended", "user_changed"])
        #expect(first.allSatisfy { $0["aud"] == "the-first" })
    }

    @Test("the end of a session names session and user, and not all sessions of the user")
    func session() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(outbound, [Hooks.receiver(Hooks.first, [("events", "session_ended")])])
        let browser = Browser(server)
        _ = await browser.signIn(await browser.authorize(Demo.request()))
        let session = try #require(try await server.core.sessions.list(user: "ann").first)
        try await server.core.tokens.revoke(.session(session.id), reason: "the user signed out")
        #expect(await JobRunner(server.core).round() == 1)
        let claims = try Hooks.claims(try #require(outbound.requests.first), server)
        let user: JSON = ["format": "iss_sub", "iss": "https://id.example.com", "sub": "ann"]
        #expect(claims["sub_id"]?["format"] == "complex" && claims["sub_id"]?["user"] == user)
        #expect(claims["sub_id"]?["session"] == ["format": "opaque", "id": .string(session.id)])
        let event = try Hooks.event(claims)
        #expect(event.name == "https://schemas.openid.net/secevent/caep/event-type/session-revoked")
        #expect(event.value["details"] == ["rule": "the user signed out"])
        #expect(event.value["event_timestamp"]?.integer == server.clock.now.seconds)
    }

    @Test("what happens to a user in the store has the type that RISC or CAEP gives it")
    func users() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(outbound, [Hooks.receiver(Hooks.first, [("events", "user_changed")])])
        let token = try await Hooks.adminToken(server)
        let caep = "https://schemas.openid.net/secevent/caep/event-type/"
        let risc = "https://schemas.openid.net/secevent/risc/event-type/"
        for (method, path, body, type) in [
            ("POST", "/User", ["id": "eve"], "https://id.example.com/events/user_changed"),
            ("PUT", "/User/eve", ["id": "eve", "data": ["name": "Eve"]], "https://id.example.com/events/user_changed"),
            ("PUT", "/User/eve", ["id": "eve", "password": "correct horse"], "\(caep)credential-change"),
            ("PUT", "/User/eve", ["id": "eve", "inactive": true], "\(risc)account-disabled"),
            ("PUT", "/User/eve", ["id": "eve"], "\(risc)account-enabled"),
            ("DELETE", "/User/eve", nil, "\(risc)account-purged"),
        ] as [(String, String, JSON?, String)] {
            let before = outbound.requests.count
            #expect([200, 201].contains(await server.admin(method, path, body, token: token).status), "\(type)")
            #expect(await JobRunner(server.core).round() == 1 && outbound.requests.count == before + 1, "\(type)")
            let claims = try Hooks.claims(try #require(outbound.requests.last), server)
            let event = try Hooks.event(claims)
            #expect(event.name == type)
            #expect(claims["sub_id"] == ["format": "iss_sub", "iss": "https://id.example.com", "sub": "eve"])
            #expect(event.value["details"]?["by"] == ["client": "manager", "subject": "manager"])
            #expect((event.value["credential_type"] == "password") == (type == "\(caep)credential-change"))
        }
    }

    @Test("a user in the configuration with another password is an event once it has been recorded, a new one is not")
    func declaredUsers() async throws {
        let outbound = RecordedOutbound()
        let server = try await Hooks.server(outbound, [Hooks.receiver(Hooks.first, [("events", "user_changed")])])
        try await server.core.recordUsers()
        #expect(try await Hooks.jobs(server).isEmpty)
        var users = Demo.users
        users[0]["password"] = "another long way to the sea"
        let plugins = Hooks.plugins(Hooks.plugin([Hooks.receiver()]))
        server.core.install(try await server.generation(plugins, clients: [Demo.web], users: users))
        try await server.core.recordUsers()
        try await server.core.recordUsers()
        let job = try await Hooks.jobs(server)
        #expect(job.count == 1)
        let claims = job.first?.value["payload"]?["claims"]
        #expect(claims?["sub_id"]?["sub"] == "ann")
        #expect(try Hooks.event(claims ?? .null).name.hasSuffix("/credential-change"))
    }

    @Test("a token has identifiers and no names, addresses or secrets, whatever a document holds")
    func noPersonalData() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(outbound)
        let token = try await Hooks.adminToken(server)
        let user: JSON = [
            "id": "eve", "userName": "eve<b>\"},{", "email": "Eve@Example.com", "password": "correct horse",
            "data": ["name": "Eve \"\\ \u{212A}elvin", "address": ["locality": "Graz"]],
        ]
        #expect(await server.admin("POST", "/User", user, token: token).status == 201)
        let browser = Browser(server)
        _ = await browser.signIn(await browser.authorize(Demo.request()))
        #expect(await JobRunner(server.core).round() == 2)
        for request in outbound.requests {
            let text = try Hooks.claims(request, server).text
            for part in ["<b>", "@", "horse", "Eve", "elvin", "Graz", "192.0.2.1", Demo.password, token] {
                #expect(!text.contains(part), "\(part): \(text)")
            }
            for value in browser.cookies.values {
                #expect(!text.contains(value.split(separator: ".").last.map(String.init) ?? value))
            }
        }
    }

    // MARK: what is committed

    @Test("a change that is not committed tells nobody, and one that was made before tells nobody again")
    func oneCommit() async throws {
        let own = Hooks.plugin([Hooks.receiver()])
        let server = try await Hooks.server(
            RecordedOutbound(), [.init(CountingStore.self)] + Hooks.plugins(own).dropFirst())
        let store = try #require(server.countingStore)
        store.fail(true)
        await #expect(throws: StoreError.self) {
            try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        }
        store.fail(false)
        #expect(try await Hooks.jobs(server).isEmpty)
        let before = store.writes
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        #expect(store.writes == before + 1, "the tombstone and the job are one write")
        #expect(try await Hooks.jobs(server).count == 1)
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        #expect(try await Hooks.jobs(server).count == 1)
    }

    @Test("of many changes of one user at once, each that succeeds gives one token")
    func many() async throws {
        let server = try await Hooks.server(
            RecordedOutbound(), [Hooks.receiver(Hooks.first, [("events", "user_changed")])])
        let token = try await Hooks.adminToken(server)
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let user: JSON = ["id": "eve", "data": ["given_name": "Eve the \(number)."]]
                    return await server.admin("PUT", "/User/eve", user, token: token).status < 300
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(done > 0)
        #expect(try await Hooks.jobs(server).count == done)
    }

    // MARK: delivery

    @Test(
        "a token is sent again until the receiver accepts it, with the same claims", .clause("RFC 8935 section 4"))
    func retries() async throws {
        let outbound = RecordedOutbound()
        let server = try await Hooks.server(outbound)
        let runner = JobRunner(server.core)
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        for status in [503, 0, 429, 302, 200, 401, 404] {
            outbound.answer(status)
            #expect(await runner.round() == 0)
            server.clock.advance(.seconds(3600))
        }
        outbound.answer(202)
        #expect(await runner.round() == 1)
        let sent = try outbound.requests.map { try Hooks.claims($0, server) }
        #expect(sent.count == 8 && Set(sent).count == 1)
        server.clock.advance(.seconds(3600))
        #expect(await runner.round() == 0 && outbound.requests.count == 8, "nothing is left")
    }

    @Test(
        "a refusal is logged with its error, and tried again only if somebody can correct it at the receiver",
        .clause("RFC 8935 section 2.3"),
        arguments: [
            (#"{"err":"invalid_request","description":"no"}"#, "invalid_request", false),
            (#"{"err":"invalid_audience"}"#, "invalid_audience", false), ("<html>", "none", false), ("", "none", false),
            (#"{"err":"a b\nc"}"#, "none", false), (#"{"err":"authentication_failed"}"#, "authentication_failed", true),
            (#"{"err":"invalid_key"}"#, "invalid_key", true),
        ])
    func refused(_ body: String, _ error: String, _ isKept: Bool) async throws {
        let outbound = RecordedOutbound()
        let server = try await Hooks.server(outbound, [Hooks.receiver(Hooks.second)])
        outbound.answer(400, body: body)
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        #expect(await JobRunner(server.core).round() == 0)
        #expect(try await Hooks.jobs(server).isEmpty == !isKept)
        let line = server.log.lines.first { $0.contains("refused the token with the error '\(error)'") }
        #expect(line?.contains(isKept ? "tried again later" : "a job was abandoned") == true, "\(server.log.lines)")
        #expect(line?.contains("https://b.example.com/events") == true)
        #expect(!server.log.lines.contains { $0.contains("tenant=7") }, "the query may hold a secret")
    }

    @Test("after the limit the server gives up, and the log says so")
    func givenUp() async throws {
        let outbound = RecordedOutbound()
        let server = try await Hooks.server(outbound, [Hooks.receiver()], [("redelivery_limit", "2m")])
        outbound.answer(500)
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        for _ in 0..<200 {
            await JobRunner(server.core).round()
            server.clock.advance(.seconds(1))
        }
        #expect(try await Hooks.jobs(server).isEmpty)
        #expect(server.log.lines.contains { $0.contains("a job was abandoned") && $0.contains("status 500") })
    }

    @Test("of the tokens for a receiver that stays down, each that is dropped has a line in the log")
    func allGivenUp() async throws {
        let outbound = RecordedOutbound()
        let server = try await Hooks.server(outbound, [Hooks.receiver()], [("redelivery_limit", "2m")])
        outbound.answer(500)
        for number in 0..<30 { try await server.core.tokens.revoke(.grant("g-\(number)"), reason: "a test") }
        let (runner, purger) = (JobRunner(server.core), StorePurger(server.core))
        // The receiver rests for longer and longer, and most tokens are past their limit before they get a turn.
        for _ in 0..<80 {
            await runner.round()
            await purger.round()
            server.clock.advance(.seconds(10))
        }
        #expect(try await Hooks.jobs(server).isEmpty)
        #expect(server.log.lines.count { $0.contains("a job was abandoned") } == 30)
        #expect(outbound.requests.count < 30)
    }

    @Test("a receiver that never responds delays no other receiver")
    func hanging() async throws {
        let outbound = HangingOutbound(limit: .seconds(3600), status: 202) { $0.contains("//a.") }
        let server = try await Hooks.server(outbound, [Hooks.receiver(), Hooks.receiver(Hooks.second)])
        let runner = Task { await JobRunner(server.core).run() }
        defer { runner.cancel() }
        for number in 1...20 {
            try await server.core.tokens.revoke(.grant("g-\(number)"), reason: "a test")
            let isDone = try await Patience.wait { outbound.answers(of: Hooks.second) == number }
            #expect(isDone, "the other receiver hangs for an hour")
        }
        #expect(outbound.answers(of: Hooks.first) == 0)
    }

    @Test("what waits for a receiver that a reload removes is dropped, and the log says so")
    func removed() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(outbound, [Hooks.receiver(), Hooks.receiver(Hooks.second)])
        try await server.core.tokens.revoke(.grant("g-1"), reason: "a test")
        let plugins = Hooks.plugins(Hooks.plugin([Hooks.receiver()]))
        server.core.install(try await server.generation(plugins, clients: [Demo.web], users: Demo.users))
        #expect(await JobRunner(server.core).round() == 1)
        #expect(outbound.requests.map(\.url) == [Hooks.first])
        #expect(try await Hooks.jobs(server).isEmpty)
        let line = server.log.lines.first { $0.contains("a job was abandoned") }
        #expect(line?.contains("no longer has the receiver https://b.example.com/events") == true)
        #expect(line?.contains("tenant") == false)
    }

    // MARK: issued tokens

    @Test("an issued token is told without a record in the store, and only to receivers that ask for it")
    func issued() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let server = try await Hooks.server(
            outbound, [Hooks.receiver(Hooks.first, [("events", ["issued"])]), Hooks.receiver(Hooks.second)])
        #expect(await server.token([("scope", "read")]).status == 200)
        try await Patience.wait { !outbound.requests.isEmpty }
        let claims = try Hooks.claims(try #require(outbound.requests.first), server)
        #expect(outbound.requests.map(\.url) == [Hooks.first])
        #expect(try Hooks.event(claims).name == "https://id.example.com/events/issued")
        #expect(claims["sub_id"]?["sub"] == "service")
        #expect(try await Hooks.jobs(server).isEmpty)
    }

    @Test("a receiver that never responds delays no request and no other receiver of issued tokens")
    func issuedHanging() async throws {
        let outbound = HangingOutbound(limit: .seconds(3600), status: 202) { $0.contains("//a.") }
        let server = try await Hooks.server(
            outbound,
            [Hooks.receiver(Hooks.first, [("events", "issued")]), Hooks.receiver(Hooks.second, [("events", "issued")])])
        for _ in 0..<50 { #expect(await server.token([("scope", "read")]).status == 200) }
        let isDone = try await Patience.wait { outbound.answers(of: Hooks.second) == 50 }
        #expect(isDone)
        #expect(outbound.answers(of: Hooks.first) == 0)
        for plugin in try #require(server.core.generation).plugins { await plugin.stop() }
    }

    @Test("many receivers get many issued tokens, however many are sent at once")
    func issuedToMany() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(202)
        let urls = (0..<20).map { "https://\($0).example.com/events" }
        let server = try await Hooks.server(outbound, urls.map { Hooks.receiver($0, [("events", "issued")]) })
        for _ in 0..<50 { #expect(await server.token([("scope", "read")]).status == 200) }
        let isDone = try await Patience.wait { outbound.requests.count == 1000 }
        #expect(isDone, "\(outbound.requests.count)")
        let ids = Set(try outbound.requests.map { try Hooks.claims($0, server)["jti"]?.string ?? "" })
        #expect(ids.count == 1000)
    }

    @Test("of tokens that every receiver refuses at once, each is recorded as an event")
    func noneDelivered() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(400)
        let sink = RecordingSink.make()
        let urls = (0..<20).map { "https://\($0).example.com/events" }
        let own = Hooks.plugin(urls.map { Hooks.receiver($0, [("events", "issued")]) })
        let server = try await Hooks.server(outbound, Hooks.plugins(own) + [sink.setup])
        for _ in 0..<20 { #expect(await server.token([("scope", "read")]).status == 200) }
        let isDone = try await Patience.wait {
            sink.records.events.count { $0.kind.rawValue == "webhooks.not_delivered" } == 400
        }
        #expect(isDone)
    }

    @Test("a refused token of the best effort is recorded as an event")
    func notDelivered() async throws {
        let outbound = RecordedOutbound()
        outbound.answer(400)
        let sink = RecordingSink.make()
        let own = Hooks.plugin([Hooks.receiver(Hooks.second, [("events", "issued")])])
        let server = try await Hooks.server(outbound, Hooks.plugins(own) + [sink.setup])
        #expect(await server.token([("scope", "read")]).status == 200)
        let events = try await sink.records.wait { $0.kind.rawValue == "webhooks.not_delivered" }
        #expect(events.last?.details["receiver"] == "https://b.example.com/events")
    }

    // MARK: settings

    @Test(
        "a receiver that could not work is refused",
        arguments: [
            ("a second at the same URL", [Hooks.receiver(), Hooks.receiver()]),
            ("no event", [Hooks.receiver(Hooks.first, [("events", [])])]),
            ("a line end in the secret", [Hooks.receiver(Hooks.first, [("secret", "a\r\nb: c")])]),
            (
                "a header that frames the request",
                [Hooks.receiver(Hooks.first, [("secret", "a"), ("header", "Content-Length")])]
            ),
            ("a header that is none", [Hooks.receiver(Hooks.first, [("secret", "a"), ("header", "x: y")])]),
        ])
    func unusable(_ what: String, _ receivers: [JSON]) throws {
        let problems = ProblemsOfPlugin(Plugins.webhooks, ["receivers": .array(receivers)])
        #expect(problems.text.contains("error: "), "\(what)")
        #expect(!problems.text.contains("b: c"), "a secret is never shown")
    }
}
