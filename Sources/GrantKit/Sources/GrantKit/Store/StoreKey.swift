// SPDX-License-Identifier: Apache-2.0

/// Names one record of a store.
public struct StoreKey: Sendable, Hashable {
    /// The collection, as it was declared.
    public var collection: String
    /// The record's identifier within the collection; of a secret, its digest.
    public var id: String

    /// Makes a key.
    public init(_ collection: String, _ id: String) {
        self.collection = collection
        self.id = id
    }

    /// Whether two keys name the same record: byte for byte, as a database compares them.
    public static func == (left: StoreKey, right: StoreKey) -> Bool {
        left.collection == right.collection && left.id == right.id
    }
}
