// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The user's record that was read to check a token, kept for the rest of the request.
///
/// It saves an endpoint that needs the user a second read.
final class RecentUser: Sendable {
    /// The record of the current request, if the request keeps one.
    static var current: RecentUser? { inProgress.flatMap { $0.mark.holds ? $0 : nil } }
    @TaskLocal private static var inProgress: RecentUser?

    private let mark = RequestMark()
    private let found = Mutex<(key: StoreKey, record: StoreRecord?)?>(nil)

    /// Runs a request that needs the user of its token more than once.
    static func serve<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let recent = RecentUser()
        defer { recent.mark.end() }
        return try await $inProgress.withValue(recent) { try await body() }
    }

    /// Keeps the result of reading a user's key.
    func keep(_ record: StoreRecord?, at key: StoreKey) {
        found.withLock { $0 = (key, record) }
    }

    /// Reads a user's record, or returns the one that this request has already read.
    ///
    /// - Throws: `StoreError`.
    static func read(_ key: StoreKey, from store: any Store) async throws -> StoreRecord? {
        if let kept = current?.found.withLock({ $0 }), kept.key == key { return kept.record }
        return try await store.read(key)
    }
}
