// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A record by which commands see that a server uses the store, whatever store it is and wherever the server runs.
package struct ServerPresence: Sendable {
    static let collection = StoreCollection("server_presence", durability: .relaxed)
    /// How often a server renews its record.
    package static let interval = Duration.seconds(10)
    /// How long a server that was killed still counts as running.
    package static let lease = Duration.seconds(30)

    private let key: StoreKey
    private let value: JSON
    private let store: any Store

    /// Makes the presence of one process.
    ///
    /// - Parameters:
    ///   - id: A random id.
    ///   - place: The machine and the number of the process, as messages call them.
    ///   - store: The store.
    package init(_ id: String, place: String, in store: any Store) {
        key = ServerPresence.collection.key(id)
        value = ["place": .string(place)]
        self.store = store
    }

    /// Writes the record, or renews it.
    ///
    /// - Throws: `StoreError`.
    package func renew(at now: Timestamp) async throws {
        var next = StoreRecord(key, value, expiresAt: now + ServerPresence.lease)
        guard case .conflict(_, let found) = try await store.write([.create(next)]), let found else { return }
        next = found
        next.expiresAt = now + ServerPresence.lease
        // If it has been purged meanwhile, the next call creates it.
        _ = try await store.write([.replace(next, ifVersion: found.version)])
    }

    /// Removes the record.
    ///
    /// - Throws: `StoreError`.
    package func end() async throws {
        _ = try await store.write([.delete(key)])
    }

    /// The servers that use a store, as messages call them.
    ///
    /// - Throws: `StoreError`.
    package static func running(in store: any Store, at now: Timestamp) async throws -> [String] {
        var (places, last): ([String], StoreKey?) = ([], nil)
        while true {
            let page = try await store.page(collection.name, after: last, limit: 100)
            places += page.filter { $0.expiresAt > now }.map { $0.value["place"]?.string ?? "?" }
            guard let end = page.last else { return places.sorted() }
            last = end.key
        }
    }
}
