// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The records that were read to check a token, of its user and its client, kept for the rest of the request.
///
/// They save an endpoint that needs one of them a second read.
final class RecentRecords: Sendable {
    /// The records of the current request, if the request keeps any.
    static var current: RecentRecords? { inProgress.flatMap { $0.mark.holds ? $0 : nil } }
    @TaskLocal private static var inProgress: RecentRecords?

    private let mark = RequestMark()
    /// A list, because two keys are compared faster than one is hashed.
    private let found = Mutex<[(key: StoreKey, record: StoreRecord?)]>([])

    /// Runs a request that needs the user or the client of its token more than once.
    static func serve<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let recent = RecentRecords()
        defer { recent.mark.end() }
        return try await $inProgress.withValue(recent) { try await body() }
    }

    /// Keeps the result of reading a key.
    func keep(_ record: StoreRecord?, at key: StoreKey) {
        found.withLock { found in
            found.removeAll { $0.key == key }
            found.append((key, record))
        }
    }

    /// Reads a record, or returns the one that this request has already read.
    ///
    /// - Throws: `StoreError`.
    static func read(_ key: StoreKey, from store: any Store) async throws -> StoreRecord? {
        if let kept = current?.found.withLock({ found in found.first { $0.key == key } }) { return kept.record }
        return try await store.read(key)
    }
}
