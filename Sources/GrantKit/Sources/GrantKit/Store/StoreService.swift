// SPDX-License-Identifier: Apache-2.0

/// The store as the host lends it to a plugin, which reaches the collections that it has declared.
///
/// A failure is thrown, never returned as an empty result. Expired records may be returned until they are purged, so
/// compare `expiresAt` with the time of the host.
public protocol StoreService: Sendable {
    /// The records of several keys, nil for those that do not exist, as one consistent view.
    ///
    /// - Throws: `StoreError`.
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?]

    /// Writes all entries or none; no two of them may name the same key.
    ///
    /// - Throws: `StoreError`, after which it is unknown whether anything was written.
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome

    /// A page of the records that have a value in an index, in the order of the bytes of their ids.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - index: The name of the index, as declared.
    ///   - value: The value.
    ///   - after: The last key of the page before, nil for the first page.
    ///   - limit: The most records to return.
    /// - Returns: At most `limit` records; fewer if nothing follows them.
    /// - Throws: `StoreError`.
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord]

    /// A page of all records of a collection, in the order of the bytes of their ids.
    ///
    /// Records that are created or deleted between two pages may be missed or returned.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - after: The last key of the page before, nil for the first page.
    ///   - limit: The most records to return.
    /// - Returns: At most `limit` records; fewer if nothing follows them.
    /// - Throws: `StoreError`.
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord]

    /// Adds one to a counter and returns the sum; an expired counter starts anew.
    ///
    /// - Parameters:
    ///   - key: What names the counter.
    ///   - expiresAt: When a counter that starts now ends.
    /// - Returns: The sum, from 1.
    /// - Throws: `StoreError`.
    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64
}

extension StoreService {
    /// The record of one key.
    ///
    /// - Throws: `StoreError`.
    public func read(_ key: StoreKey) async throws -> StoreRecord? {
        try await read([key]).first ?? nil
    }

    /// Calls a function with every record of a collection, page by page, in the order of the bytes of their ids.
    ///
    /// - Parameters:
    ///   - collection: The collection.
    ///   - visit: Gets each record; what it writes need not wait for the end.
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
