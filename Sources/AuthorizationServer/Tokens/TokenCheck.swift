// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The reads that check one token in the store: its own record, and together with it the records that decided on it when
/// it was last presented (decision 0068).
final class TokenCheck: Sendable {
    /// The check whose resolver runs now.
    static var current: TokenCheck? { inProgress.flatMap { $0.mark.holds ? $0 : nil } }
    @TaskLocal private static var inProgress: TokenCheck?

    private struct State {
        /// The key of the record that the resolver has read first.
        var token: StoreKey?
        /// What was read together with it.
        var found: (keys: [StoreKey], records: [StoreRecord?])?
    }

    private let mark = RequestMark()
    private let deciding: DecidingKeys
    private let state = Mutex(State())

    /// Makes a check.
    ///
    /// - Parameter deciding: The keys that decided on other tokens, or on this one before.
    init(_ deciding: DecidingKeys) {
        self.deciding = deciding
    }

    /// Runs a resolver, whose reads belong to this check.
    func run<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        defer { mark.end() }
        return try await TokenCheck.$inProgress.withValue(self) { try await body() }
    }

    /// Reads records for the resolver.
    ///
    /// - Throws: `StoreError`.
    func read(_ keys: [StoreKey], from store: any Store) async throws -> [StoreRecord?] {
        guard let token = begin(keys), let others = deciding[token] else { return try await store.read(keys) }
        let found = try await store.read(keys + others)
        state.withLock { $0.found = (others, Array(found.dropFirst(keys.count))) }
        return Array(found.prefix(keys.count))
    }

    /// The key of the token's record; nil if the resolver has read it before.
    private func begin(_ keys: [StoreKey]) -> StoreKey? {
        state.withLock { state in
            guard state.token == nil else { return nil }
            state.token = keys.first
            return state.token
        }
    }

    /// Forgets what was read together with the token, because this request has written something.
    func forget() {
        state.withLock { $0.found = nil }
    }

    /// The records that decide on the token, which were read with it if they are those of the last time.
    ///
    /// - Throws: `StoreError`.
    func decide(_ keys: [StoreKey], from store: any Store) async throws -> [StoreRecord?] {
        let state = state.withLock { $0 }
        if let found = state.found, found.keys == keys { return found.records }
        let records = try await store.read(keys)
        if let token = state.token { deciding[token] = keys }
        return records
    }
}
