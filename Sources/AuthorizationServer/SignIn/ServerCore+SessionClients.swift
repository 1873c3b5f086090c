// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ServerCore {
    /// What an approval commits so that its client is known under its session; nothing if it is already.
    ///
    /// - Throws: `StoreError`.
    func remembering(_ client: String, in session: Session, isNew: Bool) async throws -> [StoreWrite] {
        let key = SessionClient.key(session.id, client, in: self)
        if !isNew, try await store.read(key) != nil { return [] }
        return [
            .create(
                StoreRecord(
                    key, ["client": .string(client)], expiresAt: session.record.expiresAt,
                    indexes: ["session": session.id]))
        ]
    }

    /// All records that carry a value of an index, up to a bound that nobody reaches by use.
    func all(_ collection: String, by index: String, equals value: String) async throws -> [StoreRecord] {
        var all: [StoreRecord] = []
        while all.count < 10_000 {
            let page = try await store.find(collection, by: index, equals: value, after: all.last?.key, limit: 500)
            all += page
            if page.count < 500 { break }
        }
        return all
    }
}
