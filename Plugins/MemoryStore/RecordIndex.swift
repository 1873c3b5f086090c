// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The keys of the records that have a value in an index, ordered by the bytes of their ids.
struct RecordIndex {
    private var keys: [[UInt8]: [StoreKey]] = [:]

    /// The bytes of an index entry; the names of collections and indexes do not contain NUL.
    private static func entry(_ collection: String, _ index: String, _ value: String) -> [UInt8] {
        Array(collection.utf8) + [0] + Array(index.utf8) + [0] + Array(value.utf8)
    }

    mutating func add(_ record: StoreRecord) {
        for (index, value) in record.indexes {
            let entry = RecordIndex.entry(record.key.collection, index, value)
            var all = keys.removeValue(forKey: entry) ?? []
            all.insert(record.key, at: RecordIndex.place(of: record.key, in: all))
            keys[entry] = all
        }
    }

    mutating func remove(_ record: StoreRecord) {
        for (index, value) in record.indexes {
            let entry = RecordIndex.entry(record.key.collection, index, value)
            guard var all = keys.removeValue(forKey: entry) else { continue }
            let place = RecordIndex.place(of: record.key, in: all)
            if place < all.count, all[place] == record.key { all.remove(at: place) }
            if !all.isEmpty { keys[entry] = all }
        }
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) -> some Sequence<StoreKey> {
        let all = keys[RecordIndex.entry(collection, index, value)] ?? []
        guard let after else { return all.prefix(limit) }
        let rest = all.suffix(from: RecordIndex.place(of: after, in: all))
        return (rest.first == after ? rest.dropFirst() : rest).prefix(limit)
    }

    /// The place of a key, or the place where it would be inserted.
    private static func place(of key: StoreKey, in all: [StoreKey]) -> Int {
        var (start, end) = (0, all.count)
        while start < end {
            let middle = (start + end) / 2
            if all[middle].id.utf8.lexicographicallyPrecedes(key.id.utf8) { start = middle + 1 } else { end = middle }
        }
        return start
    }
}
