// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The record that a restore leaves in the store, so that the server refuses what was issued before.
package final class Restoration: Sendable {
    static let key = CopyMark.collection.key("restored")

    /// When the backup was restored.
    package let moment: Timestamp
    /// Whether tokens and sessions from before are accepted.
    package let keepsTokens: Bool

    package init(at moment: Timestamp, keepsTokens: Bool) {
        (self.moment, self.keepsTokens) = (moment, keepsTokens)
    }

    var record: StoreRecord {
        StoreRecord(
            Restoration.key, ["at": .integer(moment.seconds), "keeps_tokens": .bool(keepsTokens)],
            expiresAt: CopyMark.never)
    }

    /// Reads the record; nil if the store was never restored.
    ///
    /// - Throws: `StoreError`.
    package static func read(in store: any Store) async throws -> Restoration? {
        try await store.read(key).map { try Restoration($0) }
    }

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if a member is missing.
    convenience init(_ record: StoreRecord) throws {
        guard let moment = record.value["at"]?.integer, let keepsTokens = record.value["keeps_tokens"]?.bool else {
            throw StoreError("the mark of a restore is stored in an encoding that this server does not know; update it")
        }
        self.init(at: Timestamp(seconds: moment), keepsTokens: keepsTokens)
    }

    /// Whether a token was issued before the restore and is therefore refused.
    func ends(tokenFrom issued: Timestamp) -> Bool { !keepsTokens && issued <= moment }

    /// Whether an interaction began before the restore: what it was used for may have been forgotten.
    func ends(interactionFrom began: Timestamp) -> Bool { began <= moment }

    /// Whether a token of another party may have been used up before the restore, after the backup.
    ///
    /// - Parameters:
    ///   - issued: When it says that it was issued; nil if it does not say.
    ///   - end: When it expires.
    ///   - longest: The longest time for which such a token can be valid.
    /// - Returns: Whether it may have been used.
    func mayHaveUsed(from issued: Timestamp?, until end: Timestamp, longest: Duration) -> Bool {
        if let issued { return issued <= moment }
        return end <= moment + longest
    }
}
