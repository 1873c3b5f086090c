// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of `Store` as `PluginHost` lends it, without the functions that only the server calls.
protocol LaterStore: Sendable {
    func read(_ key: StoreKey) async throws -> StoreRecord?
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord]
    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64
    /// A page of all records of a collection, in the order of the bytes of their identifiers.
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord]
}

extension LaterStore {
    /// Calls a function with every record of a collection, however many there are.
    func walk(_ collection: String, _ visit: (StoreRecord) async throws -> Void) async throws {
        var last: StoreKey?
        while true {
            let page = try await page(collection, after: last, limit: 100)
            for record in page { try await visit(record) }
            guard page.count == 100, let end = page.last else { return }
            last = end.key
        }
    }
}
