// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Epochs: whole numbers that every JSON parser can represent.
enum UserEpoch {
    static let largest: Int64 = 1 << 52 - 1
    /// The key for the epochs of declared users, so that they reveal nothing to readers of a token.
    static let collection = StoreCollection("user_epoch")
    private static let key = collection.key("key")

    /// A number derived from a digest in base64url.
    static func number(_ digest: String) -> Int64 {
        let start = digest.raw.prefix(12).replacing("-", with: "+").raw.replacing("_", with: "/")
        return (Base64.decode(start) ?? []).reduce(0) { ($0 << 8 | Int64($1)) & largest }
    }

    /// Reads the key or creates it; if several processes race, all of them get the same key.
    ///
    /// - Throws: `StoreError`.
    static func key(in store: any Store, random: @autoclosure () -> String) async throws -> Secret {
        for _ in 0..<2 {
            if let known = try await store.read(key)?.value["key"]?.string { return Secret(known) }
            let fresh = random()
            let record = StoreRecord(key, ["v": 1, "key": .string(fresh)], expiresAt: StoredUser.never)
            if try await store.write([.create(record)]) == .committed { return Secret(fresh) }
        }
        throw StoreError("the key of the users' epochs cannot be read")
    }
}
