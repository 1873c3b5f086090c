// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// The store of a test: it reaches only declared collections, like a server's, and it can be told to fail.
public final class TestStore: StoreService {
    private struct State {
        var collections: [StoreCollection] = []
        var calls = 0
        var failing: Range<Int>?
        var written: [StoreWrite] = []
    }

    private let records: any Store
    private let clock: TestClock
    private let state = Mutex(State())

    init(_ records: any Store, clock: TestClock) {
        self.records = records
        self.clock = clock
    }

    // MARK: what a test uses

    /// The number of calls so far.
    public var calls: Int { state.withLock { $0.calls } }

    /// The writes that a plugin has made by itself, so not those that the host has committed for it.
    public var written: [StoreWrite] { state.withLock { $0.written } }

    /// Lets calls fail with a `StoreError`.
    ///
    /// - Parameters:
    ///   - skipped: The number of calls before the first that fails.
    ///   - count: The number of calls that fail.
    public func fail(after skipped: Int = 0, count: Int = .max) {
        state.withLock { state in
            let start = state.calls + skipped
            state.failing = start..<(count > Int.max - start ? Int.max : start + count)
        }
    }

    /// Lets calls succeed again.
    public func recover() {
        state.withLock { $0.failing = nil }
    }

    /// Removes all records and counters that have expired, as a server does from time to time.
    public func purge() async throws {
        while try await records.purge(expiredBefore: clock.now, limit: 100) == 100 {}
    }

    /// Lets plugins reach collections.
    public func declare(_ collections: [StoreCollection]) async throws {
        state.withLock { $0.collections += collections }
        try await records.prepare(collections)
    }

    // MARK: what a host uses

    /// Commits writes that parts of a plugin have returned.
    func commit(_ writes: [StoreWrite], of part: String) async throws -> WriteOutcome {
        guard !writes.isEmpty else { return .committed }
        try check(writes, of: part)
        if OnlyLooking.isCurrent { return .committed }
        try call()
        return try await records.write(writes)
    }

    /// Checks the keys of writes.
    func check(_ writes: [StoreWrite], of part: String) throws {
        var seen: Set<StoreKey> = []
        for write in writes {
            guard let key = write.key else { continue }
            if !write.isOfHost { try reach(key.collection, part) }
            if case .absent = write { continue }
            guard seen.insert(key).inserted else {
                throw HostRefusal(
                    "\(part) writes one record of the collection '\(key.collection)' twice: combine the two writes")
            }
        }
    }

    private func reach(_ collection: String, _ part: String) throws {
        let isDeclared = state.withLock { $0.collections.contains { $0.name == collection } }
        guard !isDeclared else { return }
        throw HostRefusal(
            "\(part) uses the collection '\(collection)', which the plugin has not declared: "
                + "add registry.add(collection:) in register")
    }

    private func call() throws {
        let isFailing = state.withLock { state in
            defer { state.calls += 1 }
            return state.failing?.contains(state.calls) ?? false
        }
        if isFailing { throw StoreError("this test lets the store fail") }
    }

    // MARK: StoreService

    /// Reads records of declared collections.
    public func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        for key in keys { try reach(key.collection, "host.store.read") }
        try call()
        let found = try await records.read(keys)
        await Race.hasRead()
        return found
    }

    /// Commits writes to declared collections.
    public func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try check(writes, of: "host.store.write")
        if OnlyLooking.isCurrent { return .committed }
        try call()
        state.withLock { $0.written += writes }
        return try await records.write(writes)
    }

    /// Reads a page of the records that have a value in a declared index.
    public func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try reach(collection, "host.store.find")
        let isDeclared = state.withLock { state in
            state.collections.contains { $0.name == collection && $0.indexes.contains(index) }
        }
        guard isDeclared else {
            throw HostRefusal(
                "host.store.find uses the index '\(index)' of '\(collection)', which the plugin has not declared: "
                    + "add it to the indexes of the StoreCollection")
        }
        try call()
        let found = try await records.find(collection, by: index, equals: value, after: after, limit: limit)
        await Race.hasRead()
        return found
    }

    /// Reads a page of the records of a declared collection.
    public func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try reach(collection, "host.store.page")
        try call()
        let found = try await records.page(collection, after: after, limit: limit)
        await Race.hasRead()
        return found
    }

    /// Adds one to a counter of a declared collection, at the time of the clock.
    public func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64 {
        try reach(key.collection, "host.store.increment")
        if OnlyLooking.isCurrent { return 1 }
        try call()
        return try await records.increment(key, expiresAt: expiresAt, now: clock.now)
    }
}

extension StoreWrite {
    /// The key of the record that the write is about.
    var key: StoreKey? {
        switch self {
        case .create(let record), .replace(let record, _): record.key
        case .redeem(let key), .delete(let key), .absent(let key): key
        @unknown default: nil
        }
    }

    /// Whether the host made the write: of a record that it has lent, or the condition that something is not revoked.
    fileprivate var isOfHost: Bool {
        switch self {
        case .create(let record), .replace(let record, _): record.isLent
        case .absent(let key): key.collection == TestTokens.collection
        default: false
        }
    }
}
