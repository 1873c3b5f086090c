// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) public import GrantKit
import ServerConfiguration
import Synchronization

/// The memory store, which counts writes or refuses them.
public final class CountingStore: Plugin, Store {
    public static let manifest = PluginManifest(id: "counting-store", summary: "", specification: "")

    private struct Counts {
        var reads = 0
        var writes = 0
        var found = 0
        var fails = false
        var reading: @Sendable () async -> Void = {}
        var asking: @Sendable () async -> Void = {}
        var purging: @Sendable () async -> Void = {}
    }

    private let counts = Mutex(Counts())
    private let inner: any Store

    public init(settings: Settings, host: any PluginHost) throws {
        var registry = Registry()
        try Plugins.memoryStore.init(settings: settings, host: host).register(in: &registry)
        guard let inner = registry.stores.first else { throw ConfigurationError("no memory store") }
        self.inner = inner
    }

    /// A store without a server.
    public static func alone() throws -> CountingStore {
        try CountingStore(settings: Settings(PluginSettings([:])), host: NoHost())
    }

    public var writes: Int { counts.withLock { $0.writes } }

    public var reads: Int { counts.withLock { $0.reads } }

    /// The number of records found by index.
    public var found: Int { counts.withLock { $0.found } }

    public func fail(_ fails: Bool) { counts.withLock { $0.fails = fails } }

    /// Runs something between each read and its answer.
    public func afterReading(_ body: @escaping @Sendable () async -> Void) { counts.withLock { $0.reading = body } }

    /// Runs something between each question for changes and its answer.
    public func afterAsking(_ body: @escaping @Sendable () async -> Void) { counts.withLock { $0.asking = body } }

    /// Runs something between each batch of a purge and its answer.
    public func afterPurging(_ body: @escaping @Sendable () async -> Void) { counts.withLock { $0.purging = body } }

    public func register(in registry: inout Registry) {
        registry.add(store: self)
    }

    private func check() throws {
        if counts.withLock({ $0.fails }) { throw StoreError("the disk is full") }
    }

    public func prepare(_ collections: [StoreCollection]) async throws { try await inner.prepare(collections) }

    public func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        try check()
        let after = counts.withLock { counts in
            counts.reads += 1
            return counts.reading
        }
        let found = try await inner.read(keys)
        await after()
        return found
    }

    public func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try check()
        counts.withLock { $0.writes += 1 }
        return try await inner.write(writes)
    }

    public func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        let records = try await inner.find(collection, by: index, equals: value, after: after, limit: limit)
        counts.withLock { $0.found += records.count }
        return records
    }

    public func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await inner.page(collection, after: after, limit: limit)
    }

    public func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try check()
        return try await inner.increment(key, expiresAt: expiresAt, now: now)
    }

    public func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        let removed = try await inner.purge(expiredBefore: moment, limit: limit)
        await counts.withLock { $0.purging }()
        return removed
    }

    public func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        try check()
        let found = try await inner.changes(after: position, limit: limit, within: patience)
        await counts.withLock { $0.asking }()
        return found
    }
}

extension TestServer {
    /// The counting store, if the server has one; the core wraps it.
    public var countingStore: CountingStore? {
        core.generation?.plugins.flatMap(\.registry.stores).first as? CountingStore
    }

    /// A server on a counting store.
    public static func counting(format: String = "opaque") async throws -> (server: TestServer, store: CountingStore) {
        let server = try await TestServer([.init(CountingStore.self)] + Plugins.all.dropFirst(), format: format)
        guard let store = server.countingStore else { throw ConfigurationError("no counting store") }
        return (server, store)
    }
}
