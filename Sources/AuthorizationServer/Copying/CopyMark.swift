// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The record that a store has while a copy is loaded into it, and until that is done.
///
/// No server and no other command uses such a store, since it has only a part of what it should have.
package enum CopyMark {
    package static let collection = StoreCollection("store_mark")
    static let key = collection.key("loading")
    static let never = StoredUser.never

    /// Refuses a store that holds half a copy.
    ///
    /// - Throws: `StoreError`.
    package static func check(_ store: any Store) async throws {
        guard try await store.read(key) != nil else { return }
        throw StoreError(
            "the store holds only a part of a copy, because 'grantor store import' or 'grantor store restore' was cut "
                + "short or is still running; run it again with the same file, or empty the store")
    }
}
