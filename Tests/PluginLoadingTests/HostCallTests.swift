// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import GrantKitTesting
import Logging
import PluginProcesses
import Support
import Testing

@Suite("Host calls of plugins in processes of their own", .timeLimit(.minutes(10)))
struct HostCallTests {
    private static let client = Client(id: "a", isPublic: false, grants: ["g"], scope: ["read"], document: [:])
    private static let bearer = Bearer(
        token: ResolvedToken(
            kind: .access, id: "t", clientID: "a", issuedAt: Timestamp(seconds: 1), expiresAt: Timestamp(seconds: 9),
            authorization: Authorization(subject: .client("a"), limits: AccessLimits(scope: ["read"]))),
        client: client)
    private static let powerful = HostCalls.all.subtracting(HostCalls.available([])).sorted()

    /// A plugin that makes host calls.
    private struct Caller {
        let host: TestHost
        let endpoint: any Endpoint<Bearer>

        func ask(_ function: String, _ input: JSON, with more: JSON = [:]) async throws -> EndpointResponse {
            let document: JSON = .object(
                [JSON.Member("function", .string(function)), JSON.Member("input", input)] + more.members)
            return try await endpoint.respond(
                to: EndpointRequest(
                    head: RequestHead(method: "POST", path: "/ask"), caller: HostCallTests.bearer, document: document))
        }

        func refusal(of function: String, _ input: JSON) async throws -> String? {
            try await ask(function, input).body?["refused"]?.string
        }
    }

    private static func with(
        declaring calls: [String], permitting permissions: Set<HostPermission> = [],
        _ body: (Caller) async throws -> Void
    ) async throws {
        let start = """
            import sys, runpy; sys.path.insert(0, "\(FaultyProgram.root)/Languages/Python"); \
            runpy.run_path("\(FaultyProgram.root)/Tests/Fixtures/plugin-process/calls.py")
            """
        let host = TestHost()
        let program = PluginProgram(
            plugin: "calls", arguments: ["/usr/bin/python3", "-Bs", "-c", start, calls.joined(separator: ",")],
            settings: [:], server: ServerFacts(issuer: host.issuer, basePath: "/auth", algorithms: []),
            limits: .ofTests { $0.call = .seconds(30) }, permissions: permissions)
        let description = try PluginDescription(form: PluginDescriber.describe(program), of: "calls")
        let processes = PluginProcesses(program, description, host.lent, Logger(label: "test") { _ in RecordedLog() })
        var registry = Registry()
        try processes.register(in: &registry)
        try await host.store.declare(registry.collections)
        host.clients.add(client)
        try await processes.start()
        let endpoint = try #require(registry.endpoints.first as? any Endpoint<Bearer>)
        do {
            try await body(Caller(host: host, endpoint: endpoint))
        } catch {
            await processes.stop()
            throw error
        }
        await processes.stop()
    }

    @Test("an event that is too large, and an input that is too deep, are refused")
    func excess() async throws {
        try await Self.with(declaring: ["events.record", "digest"]) { caller async throws in
            let event: JSON = ["kind": "calls.seen", "time": 1, "details": [:]]
            #expect(try await caller.refusal(of: "events.record", event) == nil)
            let list = Array(repeating: JSON.number(1e9), count: 2000)
            let large = event.changed(by: ["details": ["list": .array(list)]])
            let refusal = try await caller.refusal(of: "events.record", large)
            #expect(refusal?.contains("an event has at most 16384 bytes") == true, "\(refusal ?? "")")
            let deep: JSON = (0..<25).reduce([:]) { value, _ in ["in": ["in": value]] }
            let tooDeep = try await caller.refusal(of: "events.record", event.changed(by: ["details": deep]))
            #expect(tooDeep?.contains("nested more than 48 deep") == true, "\(tooDeep ?? "")")
        }
    }

    @Test("a call that the description does not declare is refused")
    func undeclared() async throws {
        try await Self.with(declaring: ["log"], permitting: Set(HostPermission.allCases)) { caller async throws in
            for call in HostCalls.all.subtracting(["log"]).sorted() {
                let refusal = try await caller.refusal(of: call, [:])
                #expect(refusal == "the description does not declare the host call '\(call)'")
            }
            #expect(try await caller.refusal(of: "keys.steal", [:]) != nil)
        }
    }

    @Test("a call that the operator does not permit is refused, even if the description declares it")
    func notPermitted() async throws {
        #expect(Self.powerful.count == 29)
        try await Self.with(declaring: Self.powerful) { caller async throws in
            for call in Self.powerful {
                let refusal = try await caller.refusal(of: call, [:])
                #expect(refusal?.contains("does not permit the host call '\(call)'") == true, "\(refusal ?? "")")
            }
        }
    }

    @Test("the permissions that host calls need are named with the calls")
    func missing() {
        let missing = HostCalls.missing(for: ["keys.sign", "keys.open", "users.verify", "log"], permitted: [.users])
        #expect(missing.map(\.permission) == [.keys] && missing.first?.calls == ["keys.open", "keys.sign"])
        #expect(HostCalls.missing(for: HostCalls.all, permitted: Set(HostPermission.allCases)).isEmpty)
    }

    /// Inputs that no call expects: nothing, wrong types, extreme numbers and hostile strings.
    private static let hostile: [JSON] = {
        let names = [
            "keys", "writes", "collection", "index", "value", "after", "limit", "key", "expires_at", "level", "message",
            "values", "text", "id", "issuer", "subject", "login", "password", "address", "current", "new", "document",
            "member", "if", "claims", "type", "algorithm", "token", "purpose", "code", "sealed", "rules", "name",
            "reason", "grant", "session", "user", "client", "authorization", "scope", "destination", "parameters",
            "request", "audience", "secret", "account", "counters", "handler", "payload", "not_before", "kind", "time",
            "method", "url", "body", "headers", "within_ms",
        ]
        let values: [JSON] = [
            .null, true, -1, .integer(.max), .integer(.min), "", "\u{0}\u{202E}é", [], [[]], [:], ["a": ["b": [1]]],
            .strings(Array(repeating: "x", count: 500)), [["lent write", "0"]], .integer(1),
            .string(String(repeating: "k", count: 10_000)), "lent write",
        ]
        return values.map { value in .object(names.map { JSON.Member($0, value) }) } + [[:]]
    }()

    @Test("no malformed input harms the server, and the plugin still works")
    func malformed() async throws {
        try await Self.with(
            declaring: HostCalls.all.sorted(), permitting: Set(HostPermission.allCases)
        ) { caller async throws in
            for call in HostCalls.all.sorted() {
                for input in Self.hostile { _ = try? await caller.ask(call, input) }
                let answer = try await caller.ask("digest", ["text": "a"])
                #expect(answer.body?["output"]?.string != nil, "after '\(call)'")
            }
        }
    }

    @Test("records are read in steps, and no more of them than fit into a reply")
    func readsInSteps() async throws {
        try await Self.with(declaring: ["store.read", "store.page", "store.find"]) { caller async throws in
            let end = caller.host.clock.now + .seconds(60)
            func write(_ value: JSON, _ ids: [String]) async throws {
                let records = ids.map {
                    StoreRecord(StoreKey("own", $0), value, expiresAt: end, indexes: ["by": "x"])
                }
                #expect(try await caller.host.store.write(records.map(StoreWrite.create)) == .committed)
            }
            let ids = (100..<200).map(String.init)
            try await write(1, ids)
            func keys(of response: EndpointResponse) -> [String] {
                response.body?["output"]?.elements.map { $0["key"]?.strings.last ?? "" } ?? []
            }
            let page: JSON = ["collection": "own", "limit": 500]
            #expect(try await keys(of: caller.ask("store.page", page)) == ids)
            let some: JSON = ["collection": "own", "index": "by", "value": "x", "after": ["own", "109"], "limit": 70]
            #expect(try await keys(of: caller.ask("store.find", some)) == Array(ids[10..<80]))
            let wanted = ids.reversed() + ["missing"]
            let read: JSON = ["keys": .array(wanted.map { ["own", .string($0)] })]
            #expect(try await keys(of: caller.ask("store.read", read)) == ids.reversed() + [""])
            try await write(.string(String(repeating: "x", count: 100_000)), (200..<240).map(String.init))
            #expect(try await caller.refusal(of: "store.page", page)?.contains("ask for fewer") == true)
        }
    }

    @Test("what may be derived from a token is decided by the server's copy of the client")
    func derives() async throws {
        try await Self.with(
            declaring: ["tokens.resolve", "access.derive"], permitting: [.tokens]
        ) { caller async throws in
            let user = Authorization(subject: .user("ann"), limits: AccessLimits(scope: ["read"]))
            caller.host.tokens.add(
                "v",
                ResolvedToken(
                    kind: .access, id: "other", clientID: "a", issuedAt: caller.host.clock.now,
                    expiresAt: caller.host.clock.now + .seconds(60), authorization: user))
            for (id, refusal) in [("a", nil), ("made-up", "there is no such client")] {
                var client = Self.client.form
                client["id"] = .string(id)
                let request: JSON = [
                    "grant": ["grant_type": "g"], "client": client, "parameters": [], "allowed": ["scope": ["read"]],
                ]
                let response = try await caller.ask(
                    "access.derive", ["token": "other", "request": request, "audience": ["https://api.example"]],
                    with: ["before": ["tokens.resolve": ["value": "v"]]])
                #expect(response.body?["refused"]?.string == refusal, "\(response)")
                #expect((response.body?["output"]?["derived_from"] == "other") == (refusal == nil))
            }
        }
    }

    @Test("a job of the plugin's own is committed as the host made it, and no other")
    func jobs() async throws {
        try await Self.with(declaring: ["digest", "jobs.enqueue"]) { caller async throws in
            let job: JSON = ["handler": "own-job", "payload": ["n": 1], "limit": 60]
            let response = try await caller.ask("jobs.enqueue", job, with: ["commit": true])
            guard case .create(let record)? = response.writes.first else {
                Issue.record("no write")
                return
            }
            #expect(record.isLent && record.key.collection != "lent write")
            #expect(response.body?["output"]?["record"]?["value"] == .null)
            let other = try await caller.refusal(of: "jobs.enqueue", ["handler": "logout", "limit": 60])
            #expect(other == "the plugin has no job 'logout'")
            // The write of another call, and one that was never made.
            for number in ["0", "7", "-1", "x"] {
                let made: JSON = [
                    "write": "create",
                    "record": ["key": ["lent write", .string(number)], "value": 1, "expires_at": 0],
                ]
                await #expect(throws: (any Error).self) {
                    try await caller.ask("digest", ["text": "a"], with: ["writes": [made]])
                }
            }
        }
    }

    @Test("a host call of 'start' that leads back to the plugin fails alone, and does not wait for the start")
    func startsWithinItself() async throws {
        let program = """
            import sys; sys.path.insert(0, "\(FaultyProgram.root)/Languages/Python"); import grantor
            plugin = grantor.Plugin(host_calls=["outbound.send"])
            plugin.add("outboxes", {"kinds": ["signed_in"]}, promise=lambda given, host: {"writes": []})
            plugin._functions["start"] = lambda given, host: host.ask(
                "outbound.send", method="GET", url="https://a.example")
            plugin.run()
            """
        let host = TestHost()
        let started = PluginProgram(
            plugin: "back", arguments: ["/usr/bin/python3", "-Bs", "-c", program], settings: [:],
            server: ServerFacts(issuer: host.issuer, basePath: "/auth", algorithms: []), limits: .ofTests())
        let description = try PluginDescription(form: PluginDescriber.describe(started), of: "back")
        let processes = PluginProcesses(started, description, host.lent, Logger(label: "test") { _ in RecordedLog() })
        var registry = Registry()
        try processes.register(in: &registry)
        let outbox = try #require(registry.outboxes.first)
        host.network.respond { _ in
            await #expect(throws: PluginUnavailable.self) { try await outbox.writes(for: Event(.signedIn)) }
            return OutboundReply(status: 200, headers: [], body: [])
        }
        try await processes.start()
        #expect(host.network.sent.count == 1)
        #expect(try await outbox.writes(for: Event(.signedIn)).isEmpty)
        await processes.stop()
    }
}
