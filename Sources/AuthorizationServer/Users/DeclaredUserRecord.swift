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

    static func key(_ id: String) -> StoreKey { StoreKey("declared_user", id) }

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
        self.state == nil || self.state == state ? changes : changes + 1
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

/// Records what a configuration says of its users, wherever that is something else than before.
struct DeclaredUserRecording {
    private static let retries = 3
    private static let page = 100

    let store: any Store
    let users: Users

    /// Looks at all users: first at those of whom it is known without a slow hash.
    ///
    /// - Throws: `StoreError`, `CancellationError`.
    func run() async throws {
        let declared = users.declared.map { Array($0.all.values) } ?? []
        for id in try await recorded() where users.declared?[id] == nil {
            try await record(DeclaredUserRecord.gone, of: id)
        }
        for user in declared.filter({ !$0.isActive }) + declared.filter(\.isActive) {
            try Task.checkCancellation()
            try await record(try await users.state(of: user), of: user.id)
        }
    }

    private func recorded() async throws -> [String] {
        var found: [StoreKey] = []
        while true {
            let page = try await store.find(
                "declared_user", by: "kind", equals: DeclaredUserRecord.kind, after: found.last,
                limit: DeclaredUserRecording.page)
            found += page.map(\.key)
            if page.count < DeclaredUserRecording.page { return found.map(\.id) }
        }
    }

    private func record(_ state: String, of id: String) async throws {
        for _ in 0..<DeclaredUserRecording.retries {
            let known = try DeclaredUserRecord(id, try await store.read(DeclaredUserRecord.key(id)))
            guard let write = known.write(state) else { return }
            // Another server that sees the same change may be faster, which comes to the same.
            if try await store.write([write]) == .committed { return }
        }
        throw StoreError("the declared user '\(id)' was being recorded by others")
    }
}

extension ServerCore {
    /// Records what the generation being served says of its users, so that what ended stays ended.
    ///
    /// To be called after a generation was installed. It writes nothing where nothing has changed, and computes a slow
    /// hash, one at a time, for each password that stands readable in the configuration.
    ///
    /// - Throws: `StoreError`, `CancellationError`.
    public func recordUsers() async throws {
        try await DeclaredUserRecording(store: store, users: Users(self, generation)).run()
    }
}
