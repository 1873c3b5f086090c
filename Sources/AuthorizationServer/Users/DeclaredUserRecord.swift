// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the store remembers of a user of the configuration: how often what the epoch rests on has changed.
///
/// So what ended with a change stays ended when the configuration says again what it said before.
struct DeclaredUserRecord {
    static let collection = StoreCollection("declared_user", indexes: ["kind"])
    /// The value of the index that the users carry whom the configuration declared when it was last looked at.
    static let kind = "declared"
    /// What stands for a user who is inactive, whatever the password.
    static let inactive = "inactive"
    /// What stands for a user whom the configuration no longer declares.
    static let gone = "gone"
    private static let encoding: Int64 = 1

    let id: String
    private let record: StoreRecord?
    private let state: String?
    private let changes: Int64

    static func key(_ id: String) -> StoreKey { collection.key(id) }

    /// Reads what is known of a user, nil if nothing was recorded yet.
    ///
    /// - Throws: `StoreError` if it was written by an encoding that this server does not know.
    init(_ id: String, _ record: StoreRecord?) throws {
        (self.id, self.record) = (id, record)
        guard let record else {
            (state, changes) = (nil, 0)
            return
        }
        guard record.value["v"]?.integer == DeclaredUserRecord.encoding, let state = record.value["state"]?.string,
            let changes = record.value["changes"]?.integer
        else { throw StoreError("the declared user '\(id)' is recorded in an encoding that this server does not know") }
        (self.state, self.changes) = (state, changes)
    }

    /// The number of the change that led to a state.
    ///
    /// One that is not recorded yet counts as the next, so that recording it ends nothing that was granted meanwhile.
    func changes(to state: String) -> Int64 {
        self.state == nil || self.state == state ? changes : changes &+ 1
    }

    /// What records a state, nil if it is the recorded one.
    func write(_ state: String) -> StoreWrite? {
        guard state != self.state else { return nil }
        let value: JSON = [
            "v": .integer(DeclaredUserRecord.encoding), "state": .string(state),
            "changes": .integer(changes(to: state)),
        ]
        let indexes = state == DeclaredUserRecord.gone ? [:] : ["kind": DeclaredUserRecord.kind]
        guard var changed = record else {
            return .create(
                StoreRecord(DeclaredUserRecord.key(id), value, expiresAt: StoredUser.never, indexes: indexes))
        }
        (changed.value, changed.indexes) = (value, indexes)
        return .replace(changed, ifVersion: changed.version)
    }
}
