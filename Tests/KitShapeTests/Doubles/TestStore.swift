// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A store that keeps everything and returns only first pages, which is all that these tests need.
final class TestStore: Store {
    private struct State {
        var records: [StoreKey: StoreRecord] = [:]
        var counters: [StoreKey: Int64] = [:]
    }

    private let state = Mutex(State())

    /// All records of a collection.
    func all(_ collection: String) -> [StoreRecord] {
        state.withLock { state in state.records.values.filter { $0.key.collection == collection } }
    }

    func prepare(_ collections: [StoreCollection]) async throws {}

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        state.withLock { state in keys.map { state.records[$0] } }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try state.withLock { state in
            var records = state.records
            for (place, write) in writes.enumerated() {
                let key = try TestStore.key(of: write)
                let found = records[key]
                guard TestStore.apply(write, to: &records[key]) else { return .conflict(write: place, found: found) }
            }
            state.records = records
            return .committed
        }
    }

    private static func key(of write: StoreWrite) throws -> StoreKey {
        switch write {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default: throw StoreError("this kind of write is not for these tests")
        }
    }

    /// Applies a write; returns whether its condition holds.
    private static func apply(_ write: StoreWrite, to record: inout StoreRecord?) -> Bool {
        switch (write, record) {
        case (.create(let new), nil): record = new.stored(version: 1, isRedeemed: false)
        case (.replace(let new, let version), let old?) where old.version == version:
            record = new.stored(version: version + 1, isRedeemed: old.isRedeemed)
        case (.redeem, let old?) where !old.isRedeemed:
            record = old.stored(version: old.version + 1, isRedeemed: true)
        case (.delete, _): record = nil
        case (.absent, nil): break
        default: return false
        }
        return true
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        state.withLock { state in
            let found = state.records.values.filter { $0.key.collection == collection && $0.indexes[index] == value }
            return Array(found.prefix(limit))
        }
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        let sorted = all(collection).sorted { $0.key.id < $1.key.id }
        return Array(sorted.drop { record in after.map { record.key.id <= $0.id } ?? false }.prefix(limit))
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        state.withLock { state in
            state.counters[key, default: 0] += 1
            return state.counters[key] ?? 0
        }
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int { 0 }
}
