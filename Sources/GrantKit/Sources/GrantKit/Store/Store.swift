// SPDX-License-Identifier: Apache-2.0

/// Keeps records.
///
/// That a code can be redeemed only once depends on its atomic writes. A failure must be thrown, never returned as an
/// empty result. Expired records may be returned until they are purged.
public protocol Store: Sendable {
    /// Prepares collections, before they are used.
    ///
    /// - Parameter collections: The collections.
    /// - Throws: `StoreError`.
    func prepare(_ collections: [StoreCollection]) async throws

    /// Reads the records with several keys in one consistent view.
    ///
    /// - Parameter keys: The keys.
    /// - Returns: A record for each key, in the same order; nil for a key without one.
    /// - Throws: `StoreError`.
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?]

    /// Commits all of several writes or none.
    ///
    /// - Parameter writes: The writes, no two of them with the same key.
    /// - Returns: Whether they were committed.
    /// - Throws: `StoreError`, after which it is unknown whether they were committed.
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome

    /// Reads a page of the records that have a value in an index, in the order of the bytes of their ids.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - index: The name of the index, as declared.
    ///   - value: The value.
    ///   - after: The last key of the previous page; nil for the first page.
    ///   - limit: The maximum number of records.
    /// - Returns: At most `limit` records.
    /// - Throws: `StoreError`.
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord]

    /// Reads a page of all records of a collection, in the order of the bytes of their ids.
    ///
    /// The time that this takes depends on the limit, not on the size of the collection.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - after: The last key of the previous page; nil for the first page.
    ///   - limit: The maximum number of records.
    /// - Returns: At most `limit` records; fewer if nothing follows them.
    /// - Throws: `StoreError`.
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord]

    /// Adds one to a counter.
    ///
    /// An expired counter starts again.
    ///
    /// - Parameters:
    ///   - key: The key of the counter.
    ///   - expiresAt: The time at which the counter expires if it starts now.
    ///   - now: The current time.
    /// - Returns: The new value; 1 for a counter that starts.
    /// - Throws: `StoreError`.
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64

    /// Removes a batch of expired records and counters.
    ///
    /// - Parameters:
    ///   - moment: The time. Everything that expired before it may be removed.
    ///   - limit: The maximum number to remove in this call.
    /// - Returns: The number removed; less than the limit if nothing is left.
    /// - Throws: `StoreError`.
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int

    /// Reads which records of the followed collections were created, replaced, redeemed or deleted after a position.
    ///
    /// The server keeps in memory what it knows of such records, and relies on this: a call returns every write that
    /// was committed before the call began, and that no call with an earlier position has returned. A purge is no such
    /// write.
    ///
    /// - Parameters:
    ///   - position: The position that an earlier call returned; nil to get the present position, without keys.
    ///   - limit: The maximum number of keys.
    ///   - patience: How long the store may wait for a change if there is none yet.
    /// - Returns: The changes; nil if this store does not know them, which is the default. The server then reads the
    ///   store each time.
    /// - Throws: `StoreError`.
    func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges?
}

extension Store {
    /// Knows no changes.
    public func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        nil
    }

    /// Reads the record with one key.
    ///
    /// - Parameter key: The key.
    /// - Returns: The record; nil if there is none.
    /// - Throws: `StoreError`.
    public func read(_ key: StoreKey) async throws -> StoreRecord? {
        try await read([key]).first ?? nil
    }
}
