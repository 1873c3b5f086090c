// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The keys of the records of a collection, and of those that have a value in an index, ordered by the bytes of their
/// ids.
struct RecordIndex {
    private var keys: [[UInt8]: SortedKeys] = [:]

    /// The bytes of an index entry; the names of collections and indexes do not contain NUL.
    private static func entry(_ collection: String, _ index: String, _ value: String) -> [UInt8] {
        Array(collection.utf8) + [0] + Array(index.utf8) + [0] + Array(value.utf8)
    }

    /// Every place in which a record is found: that of its collection, and one for each of its indexes.
    private static func entries(of record: StoreRecord) -> [[UInt8]] {
        [Array(record.key.collection.utf8)] + record.indexes.map { entry(record.key.collection, $0.key, $0.value) }
    }

    mutating func add(_ record: StoreRecord) {
        for entry in RecordIndex.entries(of: record) { keys[entry, default: SortedKeys()].insert(record.key) }
    }

    mutating func remove(_ record: StoreRecord) {
        for entry in RecordIndex.entries(of: record) {
            keys[entry]?.remove(record.key)
            if keys[entry]?.isEmpty ?? false { keys[entry] = nil }
        }
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) -> [StoreKey] {
        keys[RecordIndex.entry(collection, index, value)]?.page(after: after, limit: limit) ?? []
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) -> [StoreKey] {
        keys[Array(collection.utf8)]?.page(after: after, limit: limit) ?? []
    }
}
