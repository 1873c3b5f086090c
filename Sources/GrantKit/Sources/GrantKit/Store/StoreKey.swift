// SPDX-License-Identifier: Apache-2.0

/// The key of a record in the store.
public struct StoreKey: Sendable, Hashable {
    /// The name of the collection.
    public var collection: String
    /// The record's id in the collection; for a secret, its digest.
    public var id: String

    /// Makes a key.
    public init(_ collection: String, _ id: String) {
        self.collection = collection
        self.id = id
    }

    /// Whether two keys have the same bytes, which is how databases compare them.
    public static func == (left: StoreKey, right: StoreKey) -> Bool {
        left.collection == right.collection && left.id == right.id
    }
}
