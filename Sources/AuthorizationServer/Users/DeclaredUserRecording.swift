// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Records the state of the declared users where it has changed.
struct DeclaredUserRecording {
    private static let page = 100

    let store: any Store
    let users: Users

    /// Records all users, those whose state needs no slow hash first.
    ///
    /// - Throws: `StoreError`, `CancellationError`.
    func run() async throws {
        let declared = users.declared.map { Array($0.all.values) } ?? []
        for id in try await recorded() where users.declared?[id] == nil {
            try await record(DeclaredUserRecord.gone, of: id)
        }
        // Shuffled, because a reload starts over: even if reloads are frequent, every user gets a turn.
        for user in declared.filter({ !$0.isActive }) + declared.filter(\.isActive).shuffled() {
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
        for _ in 0..<StoredUser.retries {
            let known = try DeclaredUserRecord(id, try await store.read(DeclaredUserRecord.key(id)))
            guard let write = known.write(state) else { return }
            let promised = try await users.core.promise(known.event(to: state).map { [$0] } ?? [])
            // If another server records the same change first, the next attempt finds it.
            if try await promised.commit([write], in: store) == .committed {
                return users.core.recorder.record(promised)
            }
        }
        throw StoreError("other servers kept changing the record of the declared user '\(id)'")
    }
}
