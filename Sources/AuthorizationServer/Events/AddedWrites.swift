// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The writes that one plugin adds to a change of the core, which are committed with the change or left out together.
struct AddedWrites: Sendable {
    /// The id of the plugin.
    let plugin: String
    let writes: [StoreWrite]
}

extension [AddedWrites] {
    /// Commits a change together with what plugins add, without the parts that cannot be committed: the mistake of one
    /// plugin must keep neither the change nor the part of another plugin from being committed.
    ///
    /// - Parameters:
    ///   - change: The writes of the change.
    ///   - store: The store.
    ///   - noteLeftOut: Is called with the plugin of each part that is left out.
    /// - Returns: The outcome of the change. A conflict is about one of its own writes.
    /// - Throws: `StoreError`.
    func commit(
        with change: [StoreWrite], in store: any Store, noteLeftOut: (String) -> Void
    ) async throws -> WriteOutcome {
        guard !isEmpty else { return try await store.write(change) }
        var left = compatible(with: change, noteLeftOut)
        while !left.isEmpty {
            let outcome = try await store.write(change + left.flatMap(\.writes))
            guard case .conflict(let place, _) = outcome, place >= change.count else { return outcome }
            if let part = left.removePart(writing: place - change.count) { noteLeftOut(part.plugin) }
        }
        return try await store.write(change)
    }

    /// The parts that write no record that the change or an earlier part writes.
    private func compatible(with change: [StoreWrite], _ noteLeftOut: (String) -> Void) -> [AddedWrites] {
        var all = change
        return filter { part in
            let more = all + part.writes
            guard more.collectionWrittenTwice == nil else {
                noteLeftOut(part.plugin)
                return false
            }
            all = more
            return true
        }
    }

    /// Removes the part with a write, given the index of that write among the writes of all parts.
    private mutating func removePart(writing place: Int) -> AddedWrites? {
        var end = 0
        for (number, part) in enumerated() {
            end += part.writes.count
            if place < end { return remove(at: number) }
        }
        return popLast()
    }
}
