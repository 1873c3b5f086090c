// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A grant that calls the store as the request asks for, and may continue after an error.
private struct Reaching: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "reaching", summary: "", specification: "")
    static let client: JSON = ["id": "c", "grant_types": ["reaching"]]
    let declaration = GrantDeclaration("reaching", client: .identified)
    let parameters = [
        ParameterDeclaration("call", required: true), ParameterDeclaration("collection", required: true),
        ParameterDeclaration("ignore"),
    ]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) { self.host = host }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(collection: StoreCollection("reaching", indexes: ["by"]))
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let call = LentStoreTests.Call(rawValue: try request.parameters.required("call"))
        do {
            try await call?.make(try request.parameters.required("collection"), in: host.store)
        } catch {
            if request.parameters["ignore"] == nil { throw error }
        }
        return Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

@Suite("A plugin reaches only the collections that it has declared", .timeLimit(.minutes(10)))
struct LentStoreTests {
    /// A call to the store, about one record or value.
    enum Call: String, CaseIterable, Sendable {
        case read, readWithOwn, find, page, increment
        case create, replace, redeem, delete, absent, writeWithOwn

        /// How the log names the call.
        var verb: String {
            switch self {
            case .read, .readWithOwn: "read"
            case .find: "searched"
            case .page: "walked through"
            case .increment: "counted in"
            case .create, .replace, .redeem, .delete, .absent, .writeWithOwn: "wrote to"
            }
        }

        /// Whether the host makes writes of this kind for plugins.
        func isLent(_ collection: String) -> Bool {
            self == .absent && collection == "revoked"
        }

        func make(_ collection: String, in store: any StoreService) async throws {
            let (key, own, end) = (Call.key(collection), StoreKey("reaching", "own"), Call.end)
            switch self {
            case .read: _ = try await store.read(key)
            case .readWithOwn: _ = try await store.read([own, key])
            case .find: _ = try await store.find(collection, by: "by", equals: "value", after: nil, limit: 1)
            case .page: _ = try await store.page(collection, after: nil, limit: 1)
            case .increment: _ = try await store.increment(key, expiresAt: end)
            case .writeWithOwn:
                _ = try await store.write([.create(StoreRecord(own, [:], expiresAt: end)), .delete(key)])
            case .create, .replace, .redeem, .delete, .absent: _ = try await store.write([write(collection)])
            }
        }

        /// The write of a call that makes a single one.
        func write(_ collection: String) -> StoreWrite {
            let record = StoreRecord(Call.key(collection), ["by": .string(rawValue)], expiresAt: Call.end)
            return switch self {
            case .create: .create(record)
            case .replace: .replace(record, ifVersion: 1)
            case .redeem: .redeem(record.key)
            case .delete: .delete(record.key)
            default: .absent(record.key)
            }
        }

        private static func key(_ collection: String) -> StoreKey { StoreKey(collection, "a-secret-handle") }
        private static let end = Timestamp(seconds: 1_900_000_000)
    }

    private func server() async throws -> (TestServer, CountingStore) {
        let plugins = [PluginSetup(CountingStore.self), .init(Plugins.opaqueToken), .init(Reaching.self)]
        let server = try await TestServer(plugins, clients: [Reaching.client])
        return (server, try #require(server.countingStore))
    }

    private func host(_ server: TestServer) throws -> LentHost {
        try #require(server.core.generation?.plugins.first { $0.id == "reaching" }).host
    }

    private func ask(
        _ server: TestServer, _ call: Call, _ collection: String, _ more: [(String, String)] = []
    ) async -> Answer {
        let form = [("grant_type", "reaching"), ("client_id", "c"), ("call", call.rawValue)]
        return await server.post("/auth/token", form + [("collection", collection)] + more)
    }

    // MARK: collections

    private static let others = ["undeclared", "opaque_token", "Reaching", "reaching\u{301}"]

    @Test(
        "a call for a collection that the plugin has not declared fails, and the log names plugin, call and cure",
        arguments: Call.allCases, others)
    func undeclared(_ call: Call, _ collection: String) async throws {
        let (server, store) = try await server()
        let before = store.writes
        let answer = await ask(server, call, collection)
        #expect(answer.status == 500 && answer.error == "server_error", "\(answer.json)")
        #expect(store.writes == before)
        let line =
            "the plugin 'reaching' \(call.verb) the collection '\(collection)', which it has not declared; "
            + "add registry.add(collection:) in register"
        #expect(server.log.lines.contains { $0.contains(line) && $0.contains("request=request-1") })
        #expect(!server.log.lines.contains { $0.contains("a-secret-handle") })
    }

    @Test("no call reaches a collection of the core", arguments: Call.allCases)
    func core(_ call: Call) async throws {
        let (server, store) = try await server()
        for collection in ServerCore.collections.map(\.name) + ["key_ring"] where !call.isLent(collection) {
            let before = store.writes
            #expect(await ask(server, call, collection).error == "server_error", "\(collection)")
            #expect(store.writes == before)
            let line = "the plugin 'reaching' \(call.verb) the collection '\(collection)', which belongs to the core"
            #expect(server.log.lines.contains { $0.contains(line) })
        }
    }

    @Test("every call reaches a collection that the plugin has declared", arguments: Call.allCases)
    func own(_ call: Call) async throws {
        let (server, _) = try await server()
        #expect(await ask(server, call, "reaching").status == 200)
    }

    @Test("the writes that the host makes, jobs and conditions, are committed with the plugin's own records")
    func services() async throws {
        let (server, _) = try await server()
        let host = try host(server)
        let condition = try await host.tokens.unrevoked(.grant("g-1"))
        let job = try await host.jobs.enqueue(Job("nobody", [:], limit: .seconds(60)))
        let first = try await host.store.write([Call.create.write("reaching"), job, condition])
        #expect(first == .committed)
        try await server.core.tokens.revoke(.grant("g-1"), reason: "test")
        let second = try await host.store.write([Call.delete.write("reaching"), condition])
        #expect(second != .committed)
    }

    // MARK: other misuses

    @Test("searching by an undeclared index fails, and the log says so")
    func index() async throws {
        let (server, _) = try await server()
        let store = try host(server).store
        await #expect(throws: (any Error).self) {
            try await store.find("reaching", by: "other", equals: "value", after: nil, limit: 1)
        }
        let line = "searched the collection 'reaching' by the index 'other', which it has not declared; add it"
        #expect(server.log.lines.contains { $0.contains("the plugin 'reaching' \(line)") })
    }

    @Test("a plugin walks through its own records, however many there are, and through no others", arguments: [0, 250])
    func walks(_ count: Int) async throws {
        let (server, _) = try await server()
        let store = try host(server).store
        let end = Timestamp(seconds: 1_900_000_000)
        let ids = (0..<count).map { "r\(10_000 + $0)" }
        for id in ids.shuffled() {
            let record = StoreRecord(StoreKey("reaching", id), [:], expiresAt: end)
            let outcome = try await store.write([.create(record)])
            #expect(outcome == .committed)
        }
        _ = try await store.increment(StoreKey("reaching", "a-counter"), expiresAt: end)
        var seen: [String] = []
        try await store.walk("reaching") { record in
            seen.append(record.key.id)
            _ = try await store.write([.delete(record.key)])
        }
        #expect(seen == ids)
        let left = try await store.page("reaching", after: nil, limit: 1)
        #expect(left.isEmpty)
    }

    @Test("a counter starts anew when the time of the host has passed its end")
    func counts() async throws {
        let (server, _) = try await server()
        let store = try host(server).store
        let key = StoreKey("reaching", "counter")
        let end = server.clock.now + .seconds(60)
        let first = try await store.increment(key, expiresAt: end)
        let second = try await store.increment(key, expiresAt: end + .seconds(60))
        server.clock.advance(.seconds(61))
        let anew = try await store.increment(key, expiresAt: end + .seconds(60))
        #expect([first, second, anew] == [1, 2, 1])
    }

    private static let writes = [Call.create, .replace, .redeem, .delete, .absent]

    @Test("two writes of one record in one write are refused before they reach a store", arguments: writes, writes)
    func twice(_ first: Call, _ second: Call) async throws {
        let (server, counting) = try await server()
        let store = try host(server).store
        let before = counting.writes
        let writes = [first.write("reaching"), second.write("reaching")]
        guard first != .absent || second != .absent else {
            let outcome = try await store.write(writes)
            #expect(outcome == .committed, "two conditions agree")
            return
        }
        await #expect(throws: (any Error).self) { try await store.write(writes) }
        #expect(counting.writes == before)
        let line = "the plugin 'reaching' wrote one record of the collection 'reaching' twice in one write"
        #expect(server.log.lines.contains { $0.contains(line) })
        #expect(!server.log.lines.contains { $0.contains("a-secret-handle") })
    }

    @Test("a mistake that the plugin ignores is in the log, once for each kind")
    func ignored() async throws {
        let (server, _) = try await server()
        for _ in 0..<3 {
            for call in [Call.read, .create] {
                #expect(await ask(server, call, "undeclared", [("ignore", "yes")]).status == 200)
            }
        }
        let lines = server.log.lines.filter { $0.contains("misuses the store") }
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("error ") && $0.contains("'undeclared'") })
    }

    @Test("the store cannot be used before the plugin has registered")
    func early() async throws {
        let (server, _) = try await server()
        let host = LentHost(server.core, to: "early")
        await #expect(throws: (any Error).self) { try await host.store.read(StoreKey("early", "1")) }
        #expect(server.log.lines.contains { $0.contains("the plugin 'early' used the store in init or register") })
    }
}
