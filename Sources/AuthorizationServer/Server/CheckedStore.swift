// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
public import Logging
import OutsideText
import Synchronization

/// A plugin's store whose results are checked against the contract (decision 0037).
///
/// A store that breaks the contract counts as a failed store. Callers may rely on the shape of every result. A commit of
/// new jobs, by the core or by a plugin, wakes their runner.
public final class CheckedStore: Store {
    private let inner: any Store
    private let plugin: String
    private let logger: Logger
    /// The runner's news of jobs, once a server serves this store.
    private let pending = AtomicLazyReference<PendingJobs>()
    /// What the server keeps in memory of this store, once it serves it.
    private let memory = AtomicLazyReference<StoreMemory>()
    /// The rules whose breach has been logged.
    private let logged = Mutex<Set<Rule>>([])

    /// The rules that a result can break.
    private enum Rule {
        case count, key, version, entry, limit, index, order, sum, purged, position
    }

    /// Wraps a store.
    ///
    /// - Parameters:
    ///   - inner: The store.
    ///   - plugin: The id of its plugin.
    ///   - logger: Logs the first breach of each rule.
    public init(_ inner: any Store, of plugin: String, logger: Logger = Logger(label: "grantor")) {
        self.inner = inner
        self.plugin = plugin
        self.logger = logger
    }

    /// The store as commands copy it; nil if it cannot be copied exactly.
    package var portable: (any PortableStore)? {
        (inner as? any PortableStore) ?? (inner as? ForwardedStore)?.portable
    }

    /// Tells a runner of each job that is committed from now on.
    ///
    /// It is part of this type, since one more store around this one would be one more suspension in each request.
    func wake(_ jobs: PendingJobs) {
        _ = pending.storeIfNil(jobs)
    }

    /// Tells a memory of each commit from now on, before the caller of `write` continues.
    func inform(_ memory: StoreMemory) {
        _ = self.memory.storeIfNil(memory)
    }

    /// Prepares these collections.
    public func prepare(_ collections: [StoreCollection]) async throws {
        try await PluginFailure.naming(plugin, "Store.prepare") { try await inner.prepare(collections) }
    }

    /// Checks that there is one result for each key, and that each record has its key.
    public func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        let found = try await PluginFailure.naming(plugin, "Store.read") { try await inner.read(keys) }
        guard found.count == keys.count else {
            throw breach(.count, "it returned \(found.count) records for \(keys.count) keys")
        }
        for place in keys.indices {
            if let record = found[place] { try check(record, at: keys[place]) }
        }
        return found
    }

    /// Checks that a conflict names one of the writes and a record with the key of that write.
    public func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let outcome = try await PluginFailure.naming(plugin, "Store.write") { try await inner.write(writes) }
        TokenCheck.current?.forget()
        guard case .conflict(let place, let found) = outcome else {
            pending.load()?.wake(for: writes)
            memory.load()?.note(writes)
            return outcome
        }
        guard writes.indices.contains(place) else {
            throw breach(.entry, "it reported a conflict at index \(place) of \(writes.count) writes")
        }
        if let found, let key = writes[place].key {
            try check(found, at: key)
            memory.load()?.note(key)
        }
        return outcome
    }

    /// Checks that the records match, are in the order of their keys, follow the previous page and respect the limit.
    public func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        guard limit > 0 else { return [] }
        let found = try await PluginFailure.naming(plugin, "Store.find") {
            try await inner.find(collection, by: index, equals: value, after: after, limit: limit)
        }
        try check(found, of: collection, after: after, limit: limit)
        for record in found where record.indexes[exactly: index] != value {
            throw breach(.index, "it returned a record of '\(collection)' with another value of '\(index)'")
        }
        return found
    }

    /// Checks that the records are in the order of their keys, follow the previous page and respect the limit.
    public func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        guard limit > 0 else { return [] }
        let found = try await PluginFailure.naming(plugin, "Store.page") {
            try await inner.page(collection, after: after, limit: limit)
        }
        try check(found, of: collection, after: after, limit: limit)
        return found
    }

    /// Checks that the count is at least 1.
    public func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        let sum = try await PluginFailure.naming(plugin, "Store.increment") {
            try await inner.increment(key, expiresAt: expiresAt, now: now)
        }
        guard sum > 0 else { throw breach(.sum, "it returned the count \(sum) from '\(key.collection)'") }
        return sum
    }

    /// Checks that the number of removed entries is between 0 and the limit.
    public func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        guard limit > 0 else { return 0 }
        let removed = try await PluginFailure.naming(plugin, "Store.purge") {
            try await inner.purge(expiredBefore: moment, limit: limit)
        }
        guard 0...limit ~= removed else {
            throw breach(.purged, "it reported \(removed) purged entries for a limit of \(limit)")
        }
        return removed
    }

    /// Checks that there are no more keys than the limit, and that the position is short and new if there are keys.
    public func changes(
        after position: String?, limit: Int, within patience: Duration
    ) async throws -> StoreChanges? {
        let found = try await PluginFailure.naming(plugin, "Store.changes") {
            try await inner.changes(after: position, limit: limit, within: patience)
        }
        guard let found else { return nil }
        guard found.keys.count <= limit else {
            throw breach(.limit, "it returned \(found.keys.count) changes for a limit of \(limit)")
        }
        guard found.position?.utf8.count ?? 0 <= 256 else {
            throw breach(.position, "it returned a position of more than 256 bytes")
        }
        guard found.keys.isEmpty || found.position != position else {
            throw breach(.position, "it returned changes without a new position")
        }
        return found
    }

    private func check(_ page: [StoreRecord], of collection: String, after: StoreKey?, limit: Int) throws {
        guard page.count <= limit else {
            throw breach(.limit, "it returned \(page.count) records of '\(collection)' for a limit of \(limit)")
        }
        var last = after
        for record in page {
            let key = record.key
            try check(record, at: StoreKey(collection, key.id))
            guard last.map({ $0.id.utf8.lexicographicallyPrecedes(key.id.utf8) }) ?? true else {
                throw breach(.order, "it returned records of '\(collection)' repeatedly or out of order")
            }
            last = key
        }
    }

    private func check(_ record: StoreRecord, at key: StoreKey) throws {
        guard record.key == key else {
            throw breach(.key, "it returned a record of '\(key.collection)' with another key")
        }
        // The highest version would leave none for the next write.
        guard 1..<Int64.max ~= record.version else {
            throw breach(.version, "it returned a record of '\(key.collection)' with version \(record.version)")
        }
    }

    /// Makes the error, which names collections but never keys: a key may be secret.
    private func breach(_ rule: Rule, _ what: String) -> StoreError {
        if logged.withLock({ $0.insert(rule).inserted }) {
            logger.error(
                "a store breaks its contract; this is logged once for each rule",
                metadata: ["plugin": "\(plugin)", "what": "\(what)"])
        }
        var error = StoreError(
            "the store of the plugin '\(plugin)' breaks its contract: \(what); report this to the plugin's author, or "
                + "use another store")
        error.plugin = plugin
        return error
    }
}
