// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Records what a configuration says of its users, wherever that is something else than before.
struct DeclaredUserRecording {
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
        // Shuffled, since a reload begins anew: where reloads are frequent, everybody's turn still comes.
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
            // Another server that sees the same change may be faster, which comes to the same.
            if try await store.write([write]) == .committed { return }
        }
        throw StoreError("the declared user '\(id)' was being recorded by others")
    }
}
