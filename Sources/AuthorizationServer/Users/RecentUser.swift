// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The record that was read to see whether a token is good, kept for the rest of the request.
///
/// An endpoint that asks who the person is then needs no second read.
final class RecentUser: Sendable {
    /// That of the request in progress, where an endpoint of clients serves it.
    static var current: RecentUser? { inProgress.flatMap { $0.mark.holds ? $0 : nil } }
    @TaskLocal private static var inProgress: RecentUser?

    private let mark = RequestMark()
    private let found = Mutex<(key: StoreKey, record: StoreRecord?)?>(nil)

    /// Serves a request that asks for the person behind a token more than once.
    static func serve<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let recent = RecentUser()
        defer { recent.mark.end() }
        return try await $inProgress.withValue(recent) { try await body() }
    }

    /// Keeps what a read of the user's key gave.
    func keep(_ record: StoreRecord?, at key: StoreKey) {
        found.withLock { $0 = (key, record) }
    }

    /// Reads a user's record, or gives the one that this request has read.
    ///
    /// - Throws: `StoreError`.
    static func read(_ key: StoreKey, from store: any Store) async throws -> StoreRecord? {
        if let kept = current?.found.withLock({ $0 }), kept.key == key { return kept.record }
        return try await store.read(key)
    }
}
