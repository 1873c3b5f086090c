// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Logging
import Support
import Testing

@Suite("A store that breaks its contract", .timeLimit(.minutes(10)))
struct CheckedStoreTests {
    /// A wrong result of a store, and what the error says about it.
    struct Breach: Sendable, CustomTestStringConvertible {
        let says: String
        let store: @Sendable () -> WrongStore
        let ask: @Sendable (any Store) async throws -> Void
        var testDescription: String { says }
    }

    private static let now = Timestamp(seconds: 1000)
    private static let keys = ["a", "b", "c"].map { StoreKey("kept", $0) }

    private static func record(_ key: StoreKey, version: Int64 = 1, _ value: String = "value") -> StoreRecord {
        StoreRecord(key, [:], expiresAt: now, indexes: ["by": value]).stored(version: version, isRedeemed: false)
    }

    // MARK: reading

    private static func read(_ says: String, _ answer: [StoreRecord?]) -> Breach {
        Breach(says: says) {
            WrongStore(read: { _ in answer })
        } ask: {
            _ = try await $0.read(keys)
        }
    }

    private static let reads: [Breach] = [
        read("it returned 0 records for 3 keys", []),
        read("it returned 2 records for 3 keys", [record(keys[0]), nil]),
        read("it returned 4 records for 3 keys", [nil, nil, nil, nil]),
        read("it returned a record of 'kept' with another key", [nil, record(keys[0]), nil]),
        read("it returned a record of 'kept' with another key", [nil, nil, record(StoreKey("other", "c"))]),
        // Alike to Swift, and different keys.
        Breach(says: "it returned a record of 'kept' with another key") {
            WrongStore(read: { _ in [record(StoreKey("kept", "e\u{301}"))] })
        } ask: {
            _ = try await $0.read(StoreKey("kept", "\u{E9}"))
        },
    ]

    private static let versions: [Breach] = [0, -1, Int64.min, Int64.max].map { version in
        read("it returned a record of 'kept' with version \(version)", [nil, record(keys[1], version: version), nil])
    }

    // MARK: writing

    private static func write(_ says: String, _ outcome: WriteOutcome) -> Breach {
        Breach(says: says) {
            WrongStore(write: { _ in outcome })
        } ask: {
            _ = try await $0.write([.create(record(keys[0])), .redeem(keys[1])])
        }
    }

    private static let entries: [Breach] = [-1, 2, Int.min, Int.max].map { place in
        write(
            "it reported a conflict at index \(place) of 2 writes", .conflict(write: place, found: nil))
    }

    private static let conflicts: [Breach] = [
        write(
            "it returned a record of 'kept' with another key",
            .conflict(write: 1, found: record(keys[0]))),
        write(
            "it returned a record of 'kept' with version 0", .conflict(write: 0, found: record(keys[0], version: 0))),
    ]

    // MARK: finding

    private static func find(_ says: String, after: StoreKey? = nil, _ answer: [StoreRecord]) -> Breach {
        Breach(says: says) {
            WrongStore(find: { answer })
        } ask: {
            _ = try await $0.find("kept", by: "by", equals: "value", after: after, limit: 2)
        }
    }

    private static let finds: [Breach] = [
        find("it returned 3 records of 'kept' for a limit of 2", keys.map { record($0) }),
        find("it returned a record of 'kept' with another key", [record(StoreKey("other", "a"))]),
        find("it returned a record of 'kept' with another value of 'by'", [record(keys[0], "another")]),
        find(
            "it returned a record of 'kept' with another value of 'by'",
            [StoreRecord(keys[0], [:], expiresAt: now).stored(version: 1, isRedeemed: false)]),
        find("it returned records of 'kept' repeatedly or out of order", [record(keys[1]), record(keys[0])]),
        find("it returned records of 'kept' repeatedly or out of order", [record(keys[0]), record(keys[0])]),
        find("it returned records of 'kept' repeatedly or out of order", after: keys[0], [record(keys[0])]),
        find("it returned records of 'kept' repeatedly or out of order", after: keys[1], [record(keys[0])]),
        find("it returned a record of 'kept' with version 0", [record(keys[0], version: 0)]),
    ]

    private static func page(_ says: String, after: StoreKey? = nil, _ answer: [StoreRecord]) -> Breach {
        Breach(says: says) {
            WrongStore(find: { answer })
        } ask: {
            _ = try await $0.page("kept", after: after, limit: 2)
        }
    }

    private static let pages: [Breach] = [
        page("it returned 3 records of 'kept' for a limit of 2", keys.map { record($0) }),
        page("it returned a record of 'kept' with another key", [record(StoreKey("other", "a"))]),
        page("it returned records of 'kept' repeatedly or out of order", [record(keys[1]), record(keys[0])]),
        page("it returned records of 'kept' repeatedly or out of order", [record(keys[0]), record(keys[0])]),
        page("it returned records of 'kept' repeatedly or out of order", after: keys[0], [record(keys[0])]),
        page("it returned records of 'kept' repeatedly or out of order", after: keys[1], [record(keys[0])]),
        page("it returned a record of 'kept' with version 0", [record(keys[0], version: 0)]),
    ]

    // MARK: counting and purging

    private static let counts: [Breach] = [0, -1, Int64.min].map { sum in
        Breach(says: "it returned the count \(sum) from 'kept'") {
            WrongStore(increment: { sum })
        } ask: {
            _ = try await $0.increment(keys[0], expiresAt: now, now: now)
        }
    }

    private static let purges: [Breach] = [-1, 11, Int.min, Int.max].map { removed in
        Breach(says: "it reported \(removed) purged entries for a limit of 10") {
            WrongStore(purge: { removed })
        } ask: {
            _ = try await $0.purge(expiredBefore: now, limit: 10)
        }
    }

    static let all = [reads, versions, entries, conflicts, finds, pages, counts, purges].flatMap(\.self)

    @Test("each breach is an error that names the plugin and what it did, and is logged once", arguments: all)
    func breaches(_ breach: Breach) async throws {
        let log = RecordedLog()
        let store = CheckedStore(breach.store(), of: "wrong-store", logger: Logger(label: "test") { _ in log })
        for _ in 0..<3 {
            let error = await #expect(throws: StoreError.self) { try await breach.ask(store) }
            let message = "the store of the plugin 'wrong-store' breaks its contract: \(breach.says); "
            #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "no error")")
        }
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains(breach.says) == true && log.lines.first?.contains("wrong-store") == true)
    }

    @Test("a breach of another rule is logged too")
    func logsEach() async throws {
        let log = RecordedLog()
        let inner = WrongStore(read: { _ in [] }, increment: { 0 })
        let store = CheckedStore(inner, of: "wrong-store", logger: Logger(label: "test") { _ in log })
        for _ in 0..<3 {
            _ = try? await store.read(CheckedStoreTests.keys)
            _ = try? await store.increment(
                CheckedStoreTests.keys[0], expiresAt: CheckedStoreTests.now, now: CheckedStoreTests.now)
        }
        #expect(log.lines.count == 2)
    }

    @Test("with a limit of zero, the store is not asked", arguments: [0, -1, Int.min])
    func noLimit(_ limit: Int) async throws {
        let inner = WrongStore(find: { throw StoreError("asked") }, purge: { throw StoreError("asked") })
        let store = CheckedStore(inner, of: "wrong-store")
        let found = try await store.find("kept", by: "by", equals: "value", after: nil, limit: limit)
        let page = try await store.page("kept", after: nil, limit: limit)
        let purged = try await store.purge(expiredBefore: CheckedStoreTests.now, limit: limit)
        #expect(found.isEmpty && page.isEmpty && purged == 0)
    }

    // MARK: in a server

    @Test(
        "requests that meet such a store fail, and nothing else does", arguments: WrongAnswer.allCases)
    func serves(_ answer: WrongAnswer) async throws {
        let server = try await TestServer([PluginSetup(WrongStorePlugin.self)] + Plugins.all.dropFirst())
        let store = try #require(
            server.core.generation?.plugins.flatMap(\.registry.stores).first as? WrongStorePlugin)
        let token = try #require(await server.token()["access_token"])
        store.answer(answer)
        var statuses = [
            await server.token().status, await server.introspect(token).status,
            await server.refresh("a.b").status, await server.send("GET", "/auth/sessions").status,
            await server.send("GET", "/auth/sessions", headers: [("cookie", "__Host-grantor_session=a.b")]).status,
            await server.post(
                "/auth/revoke", [("token", token)], as: ("service", TestServer.serviceSecret)
            ).status,
        ]
        #expect(statuses.contains { $0 >= 500 }, "\(statuses)")
        store.answer(nil)
        statuses = [await server.token().status, await server.introspect(token).status]
        #expect(statuses == [200, 200])
    }
}

/// A store that returns what a test sets.
final class WrongStore: Store {
    private let reading: @Sendable ([StoreKey]) throws -> [StoreRecord?]
    private let writing: @Sendable ([StoreWrite]) throws -> WriteOutcome
    private let finding: @Sendable () throws -> [StoreRecord]
    private let counting: @Sendable () throws -> Int64
    private let purging: @Sendable () throws -> Int

    init(
        read: @escaping @Sendable ([StoreKey]) throws -> [StoreRecord?] = { $0.map { _ in nil } },
        write: @escaping @Sendable ([StoreWrite]) throws -> WriteOutcome = { _ in .committed },
        find: @escaping @Sendable () throws -> [StoreRecord] = { [] },
        increment: @escaping @Sendable () throws -> Int64 = { 1 },
        purge: @escaping @Sendable () throws -> Int = { 0 }
    ) {
        (reading, writing, finding, counting, purging) = (read, write, find, increment, purge)
    }

    func prepare(_ collections: [StoreCollection]) async throws {}
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try reading(keys) }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { try writing(writes) }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] { try finding() }
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] { try finding() }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 { try counting() }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int { try purging() }
}
