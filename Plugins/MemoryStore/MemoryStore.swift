// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit
import Synchronization

/// A store that forgets everything with the process: for tests.
final class MemoryStore: Plugin, Store {
    static let manifest = PluginManifest(
        id: "memory-store", summary: "keeps everything in memory: for tests", specification: "")

    private struct Counter {
        var count: Int64
        var expiresAt: Timestamp
    }

    private struct State {
        var records: [StoreKey: StoreRecord] = [:]
        var counters: [StoreKey: Counter] = [:]
    }

    private let state = Mutex(State())

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(store: self)
    }

    func prepare(_ collections: [StoreCollection]) async throws {}

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        state.withLock { state in keys.map { state.records[$0] } }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try state.withLock { state in
            for (place, write) in writes.enumerated() {
                let found = state.records[try MemoryStore.key(of: write)]
                if !MemoryStore.holds(write, found) { return .conflict(write: place, found: found) }
            }
            for write in writes { MemoryStore.apply(write, to: &state.records) }
            return .committed
        }
    }

    private static func key(of write: StoreWrite) throws -> StoreKey {
        switch write {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default:
            throw StoreError("memory-store does not know this kind of write; it was built for an older kit")
        }
    }

    private static func holds(_ write: StoreWrite, _ found: StoreRecord?) -> Bool {
        switch write {
        case .create, .absent: found == nil
        case .replace(_, let version): found?.version == version
        case .redeem: found?.isRedeemed == false
        default: true
        }
    }

    private static func apply(_ write: StoreWrite, to records: inout [StoreKey: StoreRecord]) {
        switch write {
        case .create(let record):
            records[record.key] = record.stored(version: 1, isRedeemed: false)
        case .replace(let record, let version):
            let isRedeemed = records[record.key]?.isRedeemed ?? false
            records[record.key] = record.stored(version: version + 1, isRedeemed: isRedeemed)
        case .redeem(let key):
            records[key] = records[key].map { $0.stored(version: $0.version + 1, isRedeemed: true) }
        case .delete(let key): records[key] = nil
        default: break
        }
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        state.withLock { state in
            let found = state.records.values.filter { record in
                record.key.collection == collection
                    && record.indexes[index].map { $0.utf8.elementsEqual(value.utf8) } ?? false
                    && after.map { MemoryStore.precedes($0, record.key) } ?? true
            }
            return Array(found.sorted { MemoryStore.precedes($0.key, $1.key) }.prefix(limit))
        }
    }

    /// The order of the identifiers' bytes.
    private static func precedes(_ left: StoreKey, _ right: StoreKey) -> Bool {
        left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        state.withLock { state in
            let live = state.counters[key].flatMap { $0.expiresAt > now ? $0 : nil }
            let counter = Counter(count: (live?.count ?? 0) + 1, expiresAt: live?.expiresAt ?? expiresAt)
            state.counters[key] = counter
            return counter.count
        }
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        state.withLock { state in
            let records = state.records.values.filter { $0.expiresAt < moment }.prefix(limit).map(\.key)
            for key in records { state.records[key] = nil }
            let counters = state.counters.filter { $0.value.expiresAt < moment }.prefix(limit - records.count).map(
                \.key)
            for key in counters { state.counters[key] = nil }
            return records.count + counters.count
        }
    }
}

/// The handshake that the server reads before it loads this library.
@c(memory_store_plugin_abi)
public func memoryStorePluginABI() -> UnsafeRawPointer? {
    grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(memory_store_plugin_make)
public func memoryStorePluginMake() -> UnsafeMutableRawPointer {
    PluginExport.make(MemoryStore.self)
}
