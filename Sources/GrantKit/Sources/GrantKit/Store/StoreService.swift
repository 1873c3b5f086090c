// SPDX-License-Identifier: Apache-2.0

/// The store as a plugin sees it: only the collections that the plugin has declared.
///
/// A failure is thrown, never returned as an empty result. Expired records may be returned until they are purged, so
/// compare `expiresAt` with `host.now`. Using any other collection throws an error, which the log describes.
public protocol StoreService: Sendable {
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
    /// - Returns: At most `limit` records; fewer if nothing follows them.
    /// - Throws: `StoreError`.
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord]

    /// Reads a page of all records of a collection, in the order of the bytes of their ids.
    ///
    /// Records that are created or deleted between two pages may be missed or returned.
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
    /// - Returns: The new value; 1 for a counter that starts.
    /// - Throws: `StoreError`.
    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64
}

extension StoreService {
    /// Reads the record with one key.
    ///
    /// - Parameter key: The key.
    /// - Returns: The record; nil if there is none.
    /// - Throws: `StoreError`.
    public func read(_ key: StoreKey) async throws -> StoreRecord? {
        try await read([key]).first ?? nil
    }

    /// Calls a function for each record of a collection, page by page, in the order of the bytes of their ids.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - visit: The function. It may write to the store.
    /// - Throws: `StoreError`, and what `visit` throws.
    public func walk(_ collection: String, _ visit: (StoreRecord) async throws -> Void) async throws {
        var last: StoreKey?
        while true {
            let page = try await page(collection, after: last, limit: 100)
            guard let end = page.last else { return }
            for record in page { try await visit(record) }
            last = end.key
        }
    }
}
