// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// A store in memory, for tests of plugins and of the server.
public final class MemoryRecords: PortableStore {
    private struct State {
        private(set) var records: [StoreKey: StoreRecord] = [:]
        private(set) var index = RecordIndex()
        var counters: [StoreKey: StoreCounter] = [:]
        var changes = ChangeLog()

        var items: [StoreItem] { records.values.map(StoreItem.record) + counters.values.map(StoreItem.counter) }

        /// Adds an item as it is.
        mutating func add(_ item: StoreItem) throws {
            let (key, _) = item.keyAndEnd
            switch item {
            case .record(let record) where records[key] == nil: set(record, at: key)
            case .counter(let counter) where counters[key] == nil: counters[key] = counter
            default: throw StoreError("an entry of the collection '\(key.collection)' exists already")
            }
        }

        mutating func set(_ record: StoreRecord?, at key: StoreKey) {
            if let former = records.removeValue(forKey: key) { index.remove(former) }
            guard let record else { return }
            records[key] = record
            index.add(record)
        }
    }

    private let state = Mutex(State())

    /// Makes an empty store.
    public init() {}

    /// Follows the collections that are to be followed.
    public func prepare(_ collections: [StoreCollection]) async throws {
        state.withLock { $0.changes.follow(collections) }
    }

    /// Reads the records with several keys in one consistent view.
    public func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        state.withLock { state in keys.map { state.records[$0] } }
    }

    /// Commits all of several writes or none.
    public func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try state.withLock { state in
            for (place, write) in writes.enumerated() {
                let found = state.records[try MemoryRecords.key(of: write)]
                if !MemoryRecords.holds(write, found) { return .conflict(write: place, found: found) }
            }
            for write in writes { MemoryRecords.apply(write, to: &state) }
            state.changes.add(writes)
            return .committed
        }
    }

    private static func key(of write: StoreWrite) throws -> StoreKey {
        switch write {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default:
            throw StoreError("this store does not know this kind of write; it was built with an older kit")
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

    private static func apply(_ write: StoreWrite, to state: inout State) {
        switch write {
        case .create(let record):
            state.set(record.stored(version: 1, isRedeemed: false), at: record.key)
        case .replace(let record, let version):
            let isRedeemed = state.records[record.key]?.isRedeemed ?? false
            state.set(record.stored(version: version + 1, isRedeemed: isRedeemed), at: record.key)
        case .redeem(let key):
            state.set(state.records[key].map { $0.stored(version: $0.version + 1, isRedeemed: true) }, at: key)
        case .delete(let key): state.set(nil, at: key)
        default: break
        }
    }

    /// Reads a page of the records that have a value in an index.
    public func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        state.withLock { state in
            let keys = state.index.find(collection, by: index, equals: value, after: after, limit: limit)
            return keys.compactMap { state.records[$0] }
        }
    }

    /// Reads a page of the records of a collection.
    public func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        state.withLock { state in
            state.index.page(collection, after: after, limit: limit).compactMap { state.records[$0] }
        }
    }

    /// Adds one to a counter.
    public func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        state.withLock { state in
            let live = state.counters[key].flatMap { $0.expiresAt > now ? $0 : nil }
            let counter = StoreCounter(key, count: (live?.count ?? 0) + 1, expiresAt: live?.expiresAt ?? expiresAt)
            state.counters[key] = counter
            return counter.count
        }
    }

    /// Removes a batch of expired records and counters.
    public func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        state.withLock { state in
            let records = state.records.values.filter { $0.expiresAt < moment }.prefix(limit).map(\.key)
            for key in records { state.set(nil, at: key) }
            let counters = state.counters.filter { $0.value.expiresAt < moment }.prefix(limit - records.count).map(
                \.key)
            for key in counters { state.counters[key] = nil }
            return records.count + counters.count
        }
    }

    /// Reads which records of followed collections have changed; it never waits.
    public func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        state.withLock { $0.changes.read(after: position, limit: limit) }
    }

    // MARK: copying

    /// Counts what there is.
    public func inspect(at now: Timestamp) async throws -> StoreInspection {
        var sizes: [String: StoreInspection.Collection] = [:]
        for item in state.withLock({ $0.items }) {
            let (key, end) = item.keyAndEnd
            var size = sizes[key.collection] ?? StoreInspection.Collection(key.collection)
            if case .record = item { size.records += 1 } else { size.counters += 1 }
            if end <= now { size.expired += 1 }
            sizes[key.collection] = size
        }
        return StoreInspection(
            place: "memory", version: 0, newestVersion: 0, size: nil, collections: Array(sizes.values))
    }

    /// Takes everything as it is now.
    public func snapshot() async throws -> any StoreSnapshot {
        MemorySnapshot(state.withLock { $0.items })
    }

    /// Writes items as they are, and moves a mark.
    public func load(_ items: [StoreItem], moving mark: StoreRecord) async throws -> Bool {
        try state.withLock { state in
            guard state.records[mark.key]?.version == mark.version else { return false }
            var next = state
            MemoryRecords.apply(.replace(mark, ifVersion: mark.version), to: &next)
            for item in items { try next.add(item) }
            next.changes.forget()
            state = next
            return true
        }
    }
}
