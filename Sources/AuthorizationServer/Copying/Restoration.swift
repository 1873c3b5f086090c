// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The record that a restore leaves in the store, so that the server refuses what was issued before.
package final class Restoration: Sendable {
    static let key = CopyMark.collection.key("restored")

    /// When the restore ended.
    package let moment: Timestamp
    /// The time up to which issued tokens are refused; nil for none.
    package let end: Timestamp?

    /// Notes a restore.
    ///
    /// - Parameters:
    ///   - moment: When it ends.
    ///   - keepsTokens: Whether tokens and sessions of the backup are accepted.
    ///   - former: What the backup says about the restore before it, whose end of tokens stays.
    init(at moment: Timestamp, keepsTokens: Bool, after former: Restoration? = nil) {
        (self.moment, end) = (moment, keepsTokens ? former?.end : moment)
    }

    var record: StoreRecord {
        var value: JSON = ["at": .integer(moment.seconds), "keeps_tokens": .bool(end != moment)]
        if let end, end != moment { value["tokens_until"] = .integer(end.seconds) }
        return StoreRecord(Restoration.key, value, expiresAt: CopyMark.never)
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
    init(_ record: StoreRecord) throws {
        let value = record.value
        guard let moment = value["at"]?.integer, let keepsTokens = value["keeps_tokens"]?.bool else {
            throw StoreError("the mark of a restore is stored in an encoding that this server does not know; update it")
        }
        self.moment = Timestamp(seconds: moment)
        let former = value["tokens_until"]?.integer.map { Timestamp(seconds: $0) }
        end = keepsTokens ? former : self.moment
    }

    /// Whether a token was issued before the restore and is therefore refused.
    func ends(tokenFrom issued: Timestamp) -> Bool { end.map { issued <= $0 } ?? false }

    /// Whether an interaction began before the restore: what it was used for may have been forgotten.
    func ends(interactionFrom began: Timestamp) -> Bool { began <= moment }

    /// Whether a token of another party may have been used up before the restore, after the backup.
    ///
    /// - Parameters:
    ///   - issued: When it says that it was issued; nil if it does not say.
    ///   - end: When it expires.
    ///   - longest: The longest time for which such a token can be valid.
    ///   - leeway: How far in the future its time of issue may be when it is used.
    /// - Returns: Whether it may have been used.
    func mayHaveUsed(from issued: Timestamp?, until end: Timestamp, longest: Duration, leeway: Duration) -> Bool {
        if let issued { return issued <= moment + leeway }
        return end <= moment + longest + leeway
    }
}
