// SPDX-License-Identifier: Apache-2.0

/// A store that can be inspected, copied exactly, and backed up while servers use it.
///
/// Every store can be copied through `page` and `write`. Its records then start at version 1 again, and its counters
/// stay behind. A store that implements this protocol too loses nothing.
public protocol PortableStore: Store {
    /// Describes the store without changing it; also before the plugin is started, and if nothing exists yet.
    ///
    /// - Parameter now: The current time, which decides what has expired.
    /// - Returns: The description.
    /// - Throws: `StoreError`.
    func inspect(at now: Timestamp) async throws -> StoreInspection

    /// Begins to read everything as it is at this moment, whatever others write meanwhile.
    ///
    /// - Returns: The snapshot, which the caller closes.
    /// - Throws: `StoreError`.
    func snapshot() async throws -> any StoreSnapshot

    /// Writes items exactly as they were in another store, and moves a mark, all in one durable commit.
    ///
    /// A copy that is cut short thereby knows how far it has come. `changes` does not report the items; instead, no
    /// position from before is known afterwards.
    ///
    /// - Parameters:
    ///   - items: The items, with their versions and marks.
    ///   - mark: A record without indexes that replaces the one of its key, if that still has the version of `mark`.
    /// - Returns: Whether the items were written; false if the mark has another version.
    /// - Throws: `StoreError` if an item exists in this store; nothing is written then.
    func load(_ items: [StoreItem], moving mark: StoreRecord) async throws -> Bool
}
