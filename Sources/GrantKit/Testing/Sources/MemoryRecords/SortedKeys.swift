// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The keys of one collection in the order of the bytes of their ids, in chunks, so that adding a key moves only a few.
struct SortedKeys {
    private static let most = 512

    /// The chunks, none of which is empty.
    private var chunks: [[StoreKey]] = []

    var isEmpty: Bool { chunks.isEmpty }

    mutating func insert(_ key: StoreKey) {
        guard !chunks.isEmpty else {
            chunks = [[key]]
            return
        }
        let number = chunk(of: key)
        let place = SortedKeys.place(of: key, in: chunks[number])
        chunks[number].insert(key, at: place)
        if chunks[number].count > SortedKeys.most { split(number) }
    }

    private mutating func split(_ number: Int) {
        let half = SortedKeys.most / 2
        let upper = Array(chunks[number].dropFirst(half))
        chunks[number].removeSubrange(half...)
        chunks.insert(upper, at: number + 1)
    }

    mutating func remove(_ key: StoreKey) {
        guard !chunks.isEmpty else { return }
        let number = chunk(of: key)
        let place = SortedKeys.place(of: key, in: chunks[number])
        guard place < chunks[number].count, chunks[number][place] == key else { return }
        chunks[number].remove(at: place)
        if chunks[number].isEmpty { chunks.remove(at: number) }
    }

    /// The keys after a key, or all keys.
    func page(after: StoreKey?, limit: Int) -> [StoreKey] {
        guard !chunks.isEmpty else { return [] }
        var number = after.map { chunk(of: $0) } ?? 0
        var rest = chunks[number][...]
        if let after {
            rest = rest.dropFirst(SortedKeys.place(of: after, in: chunks[number]))
            if rest.first == after { rest = rest.dropFirst() }
        }
        var found: [StoreKey] = []
        while found.count < limit {
            found += rest.prefix(limit - found.count)
            number += 1
            guard number < chunks.count else { break }
            rest = chunks[number][...]
        }
        return found
    }

    /// The index of the chunk that contains a key, or into which it would be inserted.
    private func chunk(of key: StoreKey) -> Int {
        let following = SortedKeys.count(before: chunks.count) { number in
            chunks[number].first.map { !SortedKeys.precedes(key, $0) } ?? false
        }
        return max(following - 1, 0)
    }

    /// The place of a key, or the place where it would be inserted.
    private static func place(of key: StoreKey, in all: [StoreKey]) -> Int {
        count(before: all.count) { precedes(all[$0], key) }
    }

    /// The number of indexes below an end for which a condition holds; it must hold for all indexes before the first
    /// for which it does not.
    private static func count(before end: Int, holds: (Int) -> Bool) -> Int {
        var (start, end) = (0, end)
        while start < end {
            let middle = (start + end) / 2
            if holds(middle) { start = middle + 1 } else { end = middle }
        }
        return start
    }

    private static func precedes(_ left: StoreKey, _ right: StoreKey) -> Bool {
        left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }
}
