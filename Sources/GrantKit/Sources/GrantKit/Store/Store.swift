// SPDX-License-Identifier: Apache-2.0

/// Keeps records; every guarantee of the grants stands on its atomic write.
///
/// A failure is thrown, never answered as an empty result. Expired records may be returned until they are purged.
public protocol Store: Sendable {
    /// Makes ready to keep these collections.
    ///
    /// - Throws: `StoreError`.
    func prepare(_ collections: [StoreCollection]) async throws

    /// The records of several keys, nil for those that do not exist, as one consistent view.
    ///
    /// - Throws: `StoreError`.
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?]

    /// Writes all entries or none; no two of them may name one key.
    ///
    /// - Throws: `StoreError`, after which it is unknown whether anything was written.
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome

    /// A page of the records that carry a value of an index, in the order of the bytes of their ids.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - index: The name of the index, as declared.
    ///   - value: The value.
    ///   - after: The last key of the page before, nil for the first page.
    ///   - limit: The most records to return.
    /// - Returns: At most `limit` records.
    /// - Throws: `StoreError`.
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord]

    /// A page of all records of a collection, in the order of the bytes of their ids.
    ///
    /// The time that this takes grows with the limit, not with the collection.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - after: The last key of the page before, nil for the first page.
    ///   - limit: The most records to return.
    /// - Returns: At most `limit` records; fewer if nothing follows them.
    /// - Throws: `StoreError`.
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord]

    /// Adds one to a counter and gives the sum; an expired counter starts anew.
    ///
    /// - Parameters:
    ///   - key: What names the counter.
    ///   - expiresAt: When a counter that starts now ends.
    ///   - now: The current time.
    /// - Returns: The sum, from 1.
    /// - Throws: `StoreError`.
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64

    /// Removes records and counters that have expired, a small batch at a time.
    ///
    /// - Parameters:
    ///   - moment: Everything that expired before it goes.
    ///   - limit: The most to remove in this call.
    /// - Returns: How many were removed; less than the limit when nothing is left.
    /// - Throws: `StoreError`.
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int
}

extension Store {
    /// The record of one key.
    ///
    /// - Throws: `StoreError`.
    public func read(_ key: StoreKey) async throws -> StoreRecord? {
        try await read([key]).first ?? nil
    }
}
