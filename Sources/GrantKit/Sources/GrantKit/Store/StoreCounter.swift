// SPDX-License-Identifier: Apache-2.0

/// A counter in the store.
public struct StoreCounter: Sendable, Hashable {
    /// The key.
    public var key: StoreKey
    /// How often it was incremented; at least 1.
    public var count: Int64
    /// The time at which it expires.
    public var expiresAt: Timestamp

    /// Makes a counter.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - count: How often it was incremented.
    ///   - expiresAt: The time at which it expires.
    public init(_ key: StoreKey, count: Int64, expiresAt: Timestamp) {
        self.key = key
        self.count = count
        self.expiresAt = expiresAt
    }
}
