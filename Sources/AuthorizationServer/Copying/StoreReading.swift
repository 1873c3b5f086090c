// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// Reads all items of a store: in one snapshot if it is portable, page by page otherwise.
package final class StoreReading {
    private let store: CheckedStore
    private let snapshot: (any StoreSnapshot)?
    private var rest: ArraySlice<StoreCollection>
    private var last: StoreKey?

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - collections: The collections of a store that is not portable, which cannot list them.
    /// - Throws: `StoreError`.
    package init(_ store: CheckedStore, _ collections: [StoreCollection]) async throws {
        self.store = store
        rest = collections[...]
        snapshot = try await store.portable?.snapshot()
    }

    /// The next items; none at the end.
    ///
    /// - Throws: `StoreError`.
    package func next() async throws -> [StoreItem] {
        guard let snapshot else { return try await page().map(StoreItem.record) }
        return try await snapshot.next()
    }

    private func page() async throws -> [StoreRecord] {
        while let collection = rest.first {
            let page = try await store.page(collection.name, after: last, limit: 500)
            last = page.last?.key
            guard page.isEmpty else { return page }
            rest = rest.dropFirst()
        }
        return []
    }

    package func close() async {
        await snapshot?.close()
    }

    /// Whether an item is part of a copy, and not about the store that it was in.
    package static func isCopied(_ item: StoreItem) -> Bool {
        let key =
            switch item {
            case .record(let record): record.key
            case .counter(let counter): counter.key
            @unknown default: StoreKey("", "")
            }
        return key.collection != ServerPresence.collection.name && key != CopyMark.key
    }
}
