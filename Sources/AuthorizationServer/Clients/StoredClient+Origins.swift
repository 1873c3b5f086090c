// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The records that map an origin to the clients in the store that have it.
extension StoredClient {
    /// Reads these records without a condition, because every change to them also changes the version of the client.
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

    /// The origins in these records; an inactive client lets no script read (decision 0030).
    var origins: Set<String> { isActive ? ClientDocument.origins(of: document) : [] }

    /// The keys of all possible records, including those that earlier versions wrote with another spelling or for
    /// inactive clients.
    func originKeys(_ cryptography: any CryptographyService) -> Set<StoreKey> {
        let all = ClientDocument.origins(of: document).union(document["allowed_origins"]?.strings ?? [])
        return Set(all.map { originRecord($0, cryptography).key })
    }

    /// The record for one origin of this client.
    func originRecord(_ origin: String, _ cryptography: any CryptographyService) -> StoreRecord {
        StoreRecord(
            StoredClient.originCollection.key(cryptography.digest("\(origin)\u{0}\(id)")), ["v": 1],
            expiresAt: StoredUser.never, indexes: ["origin": origin])
    }

    /// Whether any client in the store has an origin.
    ///
    /// - Throws: `StoreError`.
    static func isOrigin(_ origin: String, in store: any Store) async throws -> Bool {
        guard origin.utf8.count <= 512 else { return false }
        return try await !store.find(originCollection.name, by: "origin", equals: origin, after: nil, limit: 1).isEmpty
    }
}
