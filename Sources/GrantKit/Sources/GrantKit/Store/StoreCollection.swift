// SPDX-License-Identifier: Apache-2.0

/// A plugin's collection of records in the store.
public struct StoreCollection: Sendable, Hashable {
    /// The durability of writes that have been committed.
    public enum Durability: Sendable, Hashable {
        /// A committed write survives a loss of power.
        case durable
        /// The latest writes may be lost if the process ends.
        ///
        /// Use it for counts of attempts, times of last use and the like.
        case relaxed
    }

    /// The collection's name.
    public var name: String
    /// The names of its indexes.
    public var indexes: [String]
    /// The durability of its writes.
    public var durability: Durability
    /// The longest time for which something that a record is about can be used.
    ///
    /// Revocations are kept for at least as long.
    public var retention: Duration
    /// Whether the server follows the changes of its records, which it does for some collections of its own.
    ///
    /// A store with `changes` returns the keys of these collections and of no others. They are never relaxed.
    public var isFollowed = false

    /// Declares a collection.
    ///
    /// - Parameters:
    ///   - name: The collection's name.
    ///   - indexes: The names of its indexes.
    ///   - durability: The durability of its writes.
    ///   - retention: The longest time for which something that a record is about can be used.
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
    /// - Parameter id: The record's id in the collection; for a secret, its digest.
    /// - Returns: The key.
    public func key(_ id: String) -> StoreKey {
        StoreKey(name, id)
    }
}
