// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Counts the uses of tokens that are accepted once.
///
/// The counter is atomic, so of two servers that share a store only one sees the first use. It is durable, because a
/// token that was used just before a crash would be accepted again otherwise.
struct UsedJWT {
    /// Counters of uses, by a digest of who made the token and of its `jti`.
    static let collection = StoreCollection("used_jwt")

    /// How long a counter is kept after the token has expired, because the clocks of two servers differ.
    private static let margin = Duration.seconds(60)

    let store: any Store
    let digest: (String) -> String
    let now: Timestamp

    /// Uses a token up.
    ///
    /// - Parameters:
    ///   - claims: The claims, which have a `jti` and an `exp`.
    ///   - party: The party that made the token.
    ///   - plugin: The plugin, since each accepts a token for another purpose.
    /// - Throws: `JWTRefusal` if it was used before; `StoreError`.
    func use(_ claims: JSON, of party: String, by plugin: String) async throws {
        guard let id = claims["jti"]?.string, let end = claims["exp"]?.numericDate else {
            throw JWTRefusal("it has no 'jti' or no 'exp'")
        }
        // As JSON, so that no two different lists of strings are written alike.
        let name = JSON.strings([plugin, party, id]).text
        let key = StoreKey(UsedJWT.collection.name, digest(name))
        let uses = try await store.increment(key, expiresAt: end + UsedJWT.margin, now: now)
        guard uses == 1 else { throw JWTRefusal("it was used before") }
    }
}
