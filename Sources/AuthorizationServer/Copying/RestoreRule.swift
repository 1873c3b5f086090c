// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// What of a backup is restored, and how.
///
/// What never expires is data: users, clients, keys. What expires was issued, and is left out or restored as used,
/// except for the records that only forbid something.
package struct RestoreRule: Sendable {
    /// The collection of the server's keys.
    let keys: String
    /// Whether tokens and sessions from before stay valid.
    let keepsTokens: Bool

    private static let forbidding = [Tombstone.collection.name, UsedJWT.collection.name]

    package init(keys: String, keepsTokens: Bool) {
        (self.keys, self.keepsTokens) = (keys, keepsTokens)
    }

    /// The item to write; nil for one that is left out.
    package func item(_ item: StoreItem) -> StoreItem? {
        guard case .record(let record) = item else { return item }
        let collection = record.key.collection
        if collection == keys, !keepsTokens { return nil }
        let isForbidding = RestoreRule.forbidding.contains { $0 == collection }
        if record.expiresAt >= CopyMark.never || isForbidding { return item }
        guard keepsTokens else { return nil }
        // A token or a session is never redeemed, so the mark does not concern it. A code cannot be redeemed again.
        return .record(record.stored(version: record.version, isRedeemed: true))
    }
}
