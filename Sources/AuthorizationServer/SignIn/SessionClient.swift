// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client that was granted something under a session, and has to learn when the session ends.
enum SessionClient {
    static let collection = StoreCollection("session_client", indexes: ["session"])

    static func key(_ session: String, _ client: String, in core: ServerCore) -> StoreKey {
        // The id of a session never contains the separator.
        collection.key(core.cryptography.digest("\(session)\u{0}\(client)"))
    }

    /// The writes that record a client under its session; empty if it is already recorded.
    ///
    /// - Throws: `StoreError`.
    static func remembering(
        _ client: String, in session: Session, isNew: Bool, _ core: ServerCore
    ) async throws -> [StoreWrite] {
        let key = key(session.id, client, in: core)
        if !isNew, try await core.store.read(key) != nil { return [] }
        let record = StoreRecord(
            key, ["client": .string(client)], expiresAt: session.record.expiresAt, indexes: ["session": session.id])
        return [.create(record)]
    }

    /// The id of the client in a record.
    static func client(_ record: StoreRecord) -> String? { record.value["client"]?.string }
}
