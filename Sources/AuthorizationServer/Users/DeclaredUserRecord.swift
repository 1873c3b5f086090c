// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The record of a declared user, which counts the changes of the basis of the epoch.
///
/// Because of it, what ended with a change stays ended even if the configuration returns to an earlier state.
struct DeclaredUserRecord {
    static let collection = StoreCollection("declared_user", indexes: ["kind"])
    /// The index value of the users that were in the configuration when it was last recorded.
    static let kind = "declared"
    /// The state of an inactive user, whatever the password.
    static let inactive = "inactive"
    /// The state of a user that is no longer in the configuration.
    static let gone = "gone"
    private static let encoding: Int64 = 1

    let id: String
    private let record: StoreRecord?
    private let state: String?
    private let changes: Int64

    static func key(_ id: String) -> StoreKey { collection.key(id) }

    /// Reads the record of a user; nil if nothing has been recorded yet.
    ///
    /// - Throws: `StoreError` if this server does not know the encoding of the record.
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

    /// The number of changes up to a state.
    ///
    /// A state that is not recorded yet counts as the next change, so that recording it later ends no grant made
    /// meanwhile.
    func changes(to state: String) -> Int64 {
        self.state == nil || self.state == state ? changes : changes &+ 1
    }

    /// The event about a change to another state; nil if nothing has been recorded about the user, because it is not
    /// known since when the user is in the configuration.
    func event(to state: String) -> Event? {
        guard let former = self.state else { return nil }
        let effect =
            switch (former, state) {
            case (_, DeclaredUserRecord.gone): "removed"
            case (DeclaredUserRecord.gone, _): "created"
            case (_, DeclaredUserRecord.inactive): "deactivated"
            case (DeclaredUserRecord.inactive, _): "activated"
            default: StoredUser.credential
            }
        return StoredUser.event(about: id, ["change": "configuration", "effects": [.string(effect)]])
    }

    /// The write that records a state; nil if it is already recorded.
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
