// SPDX-License-Identifier: Apache-2.0

public import GrantKit
public import Logging
import OutsideText
import Synchronization

/// A plugin's store whose answers are checked against the contract (decision 0037).
///
/// A store that breaks the contract is a failure of the store. What asks it may rely on the shape of every answer.
public final class CheckedStore: Store {
    private let inner: any Store
    private let plugin: String
    private let logger: Logger
    /// The rules whose breach was logged.
    private let logged = Mutex<Set<Rule>>([])

    /// What an answer can break.
    private enum Rule {
        case count, key, version, entry, limit, index, order, sum, purged
    }

    /// Checks what a store answers.
    ///
    /// - Parameters:
    ///   - inner: The store.
    ///   - plugin: The id of its plugin.
    ///   - logger: Where the first breach of each rule is logged.
    public init(_ inner: any Store, of plugin: String, logger: Logger = Logger(label: "grantor")) {
        self.inner = inner
        self.plugin = plugin
        self.logger = logger
    }

    /// Makes ready to keep these collections.
    public func prepare(_ collections: [StoreCollection]) async throws {
        try await inner.prepare(collections)
    }

    /// As many records as keys, each at the place of its key.
    public func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        let found = try await inner.read(keys)
        guard found.count == keys.count else {
            throw breach(.count, "it answered \(keys.count) keys with \(found.count) records")
        }
        for place in keys.indices {
            if let record = found[place] { try check(record, at: keys[place]) }
        }
        return found
    }

    /// A conflict is with one of the entries, and with the record that this one names.
    public func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let outcome = try await inner.write(writes)
        guard case .conflict(let place, let found) = outcome else { return outcome }
        guard writes.indices.contains(place) else {
            throw breach(.entry, "it named entry \(place) of \(writes.count), counted from 0, as the one in conflict")
        }
        if let found, let key = writes[place].key { try check(found, at: key) }
        return outcome
    }

    /// No more records than the limit, all with the value and behind the page before, in the order of their keys.
    public func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        guard limit > 0 else { return [] }
        let found = try await inner.find(collection, by: index, equals: value, after: after, limit: limit)
        guard found.count <= limit else {
            throw breach(.limit, "it found \(found.count) records of '\(collection)' where \(limit) is the limit")
        }
        var last = after
        for record in found {
            let key = record.key
            try check(record, at: StoreKey(collection, key.id))
            guard record.indexes[exactly: index] == value else {
                throw breach(.index, "it found a record of '\(collection)' by another value of the index '\(index)'")
            }
            guard last.map({ $0.id.utf8.lexicographicallyPrecedes(key.id.utf8) }) ?? true else {
                throw breach(.order, "it found records of '\(collection)' twice or out of order")
            }
            last = key
        }
        return found
    }

    /// A sum from 1.
    public func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        let sum = try await inner.increment(key, expiresAt: expiresAt, now: now)
        guard sum > 0 else { throw breach(.sum, "it counted to \(sum) in '\(key.collection)'") }
        return sum
    }

    /// How many were removed: none, up to the limit.
    public func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        guard limit > 0 else { return 0 }
        let removed = try await inner.purge(expiredBefore: moment, limit: limit)
        guard 0...limit ~= removed else {
            throw breach(.purged, "it purged \(removed) records and counters where \(limit) is the limit")
        }
        return removed
    }

    private func check(_ record: StoreRecord, at key: StoreKey) throws {
        guard record.key == key else {
            throw breach(.key, "asked for a record of '\(key.collection)', it gave that of another key")
        }
        // The next version is one more.
        guard 1..<Int64.max ~= record.version else {
            throw breach(.version, "it gave a record of '\(key.collection)' the version \(record.version)")
        }
    }

    /// The error names collections and never a key, which may be a secret.
    private func breach(_ rule: Rule, _ what: String) -> StoreError {
        if logged.withLock({ $0.insert(rule).inserted }) {
            logger.error(
                "a store breaks its contract; this is logged once",
                metadata: ["plugin": "\(plugin)", "what": "\(what)"])
        }
        return StoreError(
            "the store of the plugin '\(plugin)' breaks its contract: \(what); report it to the plugin's author, or use "
                + "another store")
    }
}
