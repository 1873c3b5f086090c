// SPDX-License-Identifier: Apache-2.0

/// What a plugin keeps in the store, and how.
public struct StoreCollection: Sendable, Hashable {
    /// How sure a write is when it is answered.
    public enum Durability: Sendable, Hashable {
        /// Committed means that it outlives a loss of power.
        case durable
        /// The last writes may be lost with the process: counters of attempts, times of last use.
        case relaxed
    }

    /// The collection's name.
    public var name: String
    /// The indexes that its records carry.
    public var indexes: [String]
    /// How sure a write is when it is answered.
    public var durability: Durability
    /// How long what a record is about can be used at the longest; a revocation is kept for at least as long.
    public var retention: Duration

    /// Declares a collection.
    public init(
        _ name: String, indexes: [String] = [], durability: Durability = .durable, retention: Duration = .zero
    ) {
        self.name = name
        self.indexes = indexes
        self.durability = durability
        self.retention = retention
    }

    /// The key of one of its records.
    ///
    /// - Parameter id: The record's identifier within the collection; of a secret, its digest.
    /// - Returns: The key.
    public func key(_ id: String) -> StoreKey {
        StoreKey(name, id)
    }
}
