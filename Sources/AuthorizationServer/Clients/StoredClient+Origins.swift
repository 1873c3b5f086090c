// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The rows by which a client in the store is found by its origins.
extension StoredClient {
    /// Any other change of these rows also changes the client's version, so the read of them needs no condition.
    package func rowWrites(over former: StoredClient?, in directory: StoredClients) async throws -> [StoreWrite] {
        let records = origins.map { originRecord($0, directory.cryptography) }
        guard let former else { return records.map { .create($0) } }
        let keys = former.originKeys(directory.cryptography).union(records.map(\.key))
        guard !keys.isEmpty else { return [] }
        let known = Set(try await directory.store.read(Array(keys)).compactMap { $0?.key })
        let gone = known.subtracting(records.map(\.key))
        return records.filter { !known.contains($0.key) }.map { .create($0) } + gone.map { .delete($0) }
    }

    package func rowKeys(in directory: StoredClients) async throws -> [StoreKey] {
        Array(originKeys(directory.cryptography))
    }

    /// The origins that it is found by: an inactive client lets no script read (decision 0030).
    var origins: Set<String> { isActive ? ClientDocument.origins(of: document) : [] }

    /// Where its rows of origins can be: earlier versions kept them as they were written, those of inactive clients too.
    func originKeys(_ cryptography: any CryptographyService) -> Set<StoreKey> {
        let all = ClientDocument.origins(of: document).union(document["allowed_origins"]?.strings ?? [])
        return Set(all.map { originRecord($0, cryptography).key })
    }

    /// What names that this client has an origin.
    func originRecord(_ origin: String, _ cryptography: any CryptographyService) -> StoreRecord {
        StoreRecord(
            StoredClient.originCollection.key(cryptography.digest("\(origin)\u{0}\(id)")), ["v": 1],
            expiresAt: StoredUser.never, indexes: ["origin": origin])
    }

    /// Whether some client in the store has an origin.
    ///
    /// - Throws: `StoreError`.
    static func isOrigin(_ origin: String, in store: any Store) async throws -> Bool {
        guard origin.utf8.count <= 512 else { return false }
        return try await !store.find(originCollection.name, by: "origin", equals: origin, after: nil, limit: 1).isEmpty
    }
}
