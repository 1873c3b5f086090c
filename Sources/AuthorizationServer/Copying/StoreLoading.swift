// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// Loads a copy into an empty store, batch by batch, and knows how far it has come if it is cut short.
package final class StoreLoading {
    /// How long a load that was killed keeps others out; one that is only slow notices when another has taken over.
    private static let lease = Duration.seconds(10)

    private let store: CheckedStore
    private var mark: StoreRecord
    /// The number of items of the copy that are in the store, or were left out on purpose.
    package private(set) var done: Int64
    /// The number of counters that a store which is not portable could not take.
    package private(set) var lostCounters = 0

    /// Begins to load, or continues.
    ///
    /// - Parameters:
    ///   - name: Identifies the copy and how it is loaded.
    ///   - collections: The collections that have to be empty.
    ///   - store: The store.
    ///   - now: The current time.
    /// - Throws: `StoreError` if a server uses the store, if it is not empty, or if another copy is loaded into it.
    package init(
        _ name: String, collections: [StoreCollection], into store: CheckedStore, at now: Timestamp
    ) async throws {
        self.store = store
        try await StoreLoading.checkServers(store, now)
        let found = try await store.read(CopyMark.key)
        if let found {
            mark = try StoreLoading.continued(found, name, now)
            guard try await store.write([.replace(mark, ifVersion: mark.version)]) == .committed else {
                throw StoreLoading.isShared
            }
        } else {
            try await StoreLoading.checkEmpty(store, collections)
            let value: JSON = ["copy": .string(name), "done": 0, "until": .integer((now + StoreLoading.lease).seconds)]
            mark = StoreRecord(CopyMark.key, value, expiresAt: CopyMark.never)
            guard try await store.write([.create(mark)]) == .committed else { throw StoreLoading.isShared }
        }
        mark = mark.stored(version: mark.version &+ 1, isRedeemed: false)
        done = mark.value["done"]?.integer ?? 0
        do {
            // A server or a command that has come meanwhile either sees the mark or is seen here.
            try await StoreLoading.checkServers(store, now)
            if found == nil { try await StoreLoading.checkEmpty(store, collections) }
        } catch {
            // Nothing was loaded yet, so others continue on a store without a mark.
            if done == 0 { _ = try await store.write([.delete(CopyMark.key)]) }
            throw error
        }
    }

    private static let isShared = StoreError(
        "another process loads a copy into this store; wait until it has ended, or ten seconds if it was killed")

    private static let isTwice = StoreError("two records have the same key")

    private static func continued(_ found: StoreRecord, _ name: String, _ now: Timestamp) throws -> StoreRecord {
        guard found.value["copy"]?.string == name else {
            throw StoreError(
                "the store holds a part of another copy, or of this one with other options; load that one again, or "
                    + "empty the store")
        }
        // One that is later than any that could be written now is from a clock that was wrong.
        let until = Timestamp(seconds: found.value["until"]?.integer ?? 0)
        guard until <= now || until > now + lease else { throw isShared }
        var next = found
        next.value["until"] = .integer((now + lease).seconds)
        return next
    }

    private static func checkServers(_ store: CheckedStore, _ now: Timestamp) async throws {
        let running = try await ServerPresence.running(in: store, at: now)
        guard running.isEmpty else {
            throw StoreError(
                "a server uses this store (\(running.joined(separator: ", "))); stop every server on it first, and wait "
                    + "half a minute if one was killed")
        }
    }

    private static func checkEmpty(_ store: CheckedStore, _ collections: [StoreCollection]) async throws {
        let reading = try await StoreReading(store, collections)
        var isEmpty = true
        while isEmpty, case let items = try await reading.next(), !items.isEmpty {
            isEmpty = !items.contains(where: StoreReading.isCopied)
        }
        await reading.close()
        guard isEmpty else {
            throw StoreError("the store is not empty, and a copy is only loaded into an empty one")
        }
    }

    /// Loads the next items of the copy.
    ///
    /// - Parameters:
    ///   - items: The items to write.
    ///   - count: The number of items of the copy that this covers, also those that are left out.
    ///   - now: The current time.
    /// - Throws: `StoreError`.
    package func add(_ items: [StoreItem], covering count: Int, at now: Timestamp) async throws {
        var next = mark
        next.value["done"] = .integer(done &+ Int64(count))
        next.value["until"] = .integer((now + StoreLoading.lease).seconds)
        if let portable = store.portable {
            guard try await portable.load(items, moving: next) else { throw StoreLoading.isShared }
        } else {
            try await write(items, moving: next)
        }
        mark = next.stored(version: mark.version &+ 1, isRedeemed: false)
        done &+= Int64(count)
    }

    /// Writes records with what every store can do: it creates them, and redeems those that were redeemed.
    private func write(_ items: [StoreItem], moving next: StoreRecord) async throws {
        var records: [StoreRecord] = []
        for item in items {
            if case .record(let record) = item { records.append(record) } else { lostCounters += 1 }
        }
        guard Set(records.map(\.key)).count == records.count else { throw StoreLoading.isTwice }
        // A part of them may be there since an attempt that was cut short.
        let found = try await store.read(records.map(\.key))
        guard zip(records, found).allSatisfy({ $0.value == $1?.value ?? $0.value }) else { throw StoreLoading.isTwice }
        let missing = zip(records, found).filter { $0.1 == nil }.map { StoreWrite.create($0.0) }
        if !missing.isEmpty { try await commit(missing) }
        let used = zip(records, found).filter { $0.0.isRedeemed && $0.1?.isRedeemed != true }
        try await commit(used.map { .redeem($0.0.key) } + [.replace(next, ifVersion: mark.version)])
    }

    private func commit(_ writes: [StoreWrite]) async throws {
        guard try await store.write(writes) == .committed else { throw StoreLoading.isShared }
    }

    /// Ends the load; from now on, servers can use the store.
    ///
    /// - Parameters:
    ///   - now: The current time, before which everything was issued that a restore ends.
    ///   - keepsTokens: Whether tokens and sessions are accepted after a restore; nil for an import, which ends nothing.
    /// - Throws: `StoreError`.
    package func finish(at now: Timestamp, keepsTokens: Bool?) async throws {
        try await add([], covering: 0, at: now)
        var writes = [StoreWrite.delete(CopyMark.key)]
        if let keepsTokens {
            let found = try await store.read(Restoration.key)
            let former = try found.map { try Restoration($0) }
            let next = Restoration(at: now, keepsTokens: keepsTokens, after: former).record
            writes.append(found.map { .replace(next, ifVersion: $0.version) } ?? .create(next))
        }
        try await commit(writes)
    }
}
