// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization

/// The ways in which a store breaks its contract.
enum WrongAnswer: CaseIterable, Sendable {
    case noRecords, fewerRecords, moreRecords, othersRecords, entryBehindTheLast, entryBeforeTheFirst
}

/// The memory store, until it is told to return wrong results.
final class WrongStorePlugin: Plugin, Store {
    static let manifest = PluginManifest(id: "wrong-store", summary: "", specification: "")

    private let inner: CountingStore
    private let wrong = Mutex<WrongAnswer?>(nil)
    private let created = Mutex<[StoreKey]>([])

    init(settings: Settings, host: any PluginHost) throws {
        inner = try CountingStore(settings: settings, host: host)
    }

    /// The keys of all created records.
    var written: [StoreKey] { created.withLock { $0 } }

    func answer(_ answer: WrongAnswer?) { wrong.withLock { $0 = answer } }

    func register(in registry: inout Registry) {
        registry.add(store: self)
    }

    func prepare(_ collections: [StoreCollection]) async throws { try await inner.prepare(collections) }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        let found = try await inner.read(keys)
        switch wrong.withLock({ $0 }) {
        case .noRecords: return []
        case .fewerRecords: return found.dropLast()
        case .moreRecords: return found + [nil]
        case .othersRecords:
            let other = StoreRecord(StoreKey("other", "another"), [:], expiresAt: Timestamp(seconds: .max))
            return found.map { _ in other.stored(version: 1, isRedeemed: false) }
        default: return found
        }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        switch wrong.withLock({ $0 }) {
        case .entryBehindTheLast: return .conflict(write: writes.count, found: nil)
        case .entryBeforeTheFirst: return .conflict(write: -1, found: nil)
        default: break
        }
        let outcome = try await inner.write(writes)
        guard outcome == .committed else { return outcome }
        let keys = writes.compactMap { if case .create(let record) = $0 { record.key } else { nil } }
        created.withLock { created in created += keys.filter { !created.contains($0) } }
        return outcome
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await inner.find(collection, by: index, equals: value, after: after, limit: limit)
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await inner.page(collection, after: after, limit: limit)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try await inner.increment(key, expiresAt: expiresAt, now: now)
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await inner.purge(expiredBefore: moment, limit: limit)
    }
}
