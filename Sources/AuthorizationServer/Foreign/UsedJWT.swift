// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Remembers the tokens of other parties that are accepted once.
///
/// A token is used up by creating a record, so of two requests, at one server or at two that share a store, only one
/// succeeds. The record is durable: otherwise a token that was used just before a crash would be accepted again.
struct UsedJWT {
    /// Records by a digest of who made the token and of its `jti`.
    static let collection = StoreCollection("used_jwt")

    /// How long a record is kept after the token has expired, because the clocks of two servers differ.
    private static let margin = Duration.seconds(120)
    private static let refusal = JWTRefusal("it was used before")

    let store: any Store
    let digest: (String) -> String
    let now: Timestamp

    /// The write that uses a token up.
    ///
    /// - Parameters:
    ///   - claims: The claims, which have a `jti` and an `exp`.
    ///   - party: The party that made the token.
    ///   - plugin: The plugin, since each accepts a token for another purpose.
    /// - Returns: The write, which has a conflict if the token is used in the meantime.
    /// - Throws: `JWTRefusal` if it was used before; `StoreError`.
    func write(for claims: JSON, of party: String, by plugin: String) async throws -> StoreWrite {
        guard let id = claims["jti"]?.string, let end = claims["exp"]?.numericDate else {
            throw JWTRefusal("it has no 'jti' or no 'exp'")
        }
        // As JSON, so that no two different lists of strings are written alike.
        let key = StoreKey(UsedJWT.collection.name, digest(JSON.strings([plugin, party, id]).text))
        let expiry = end + UsedJWT.margin
        guard var former = try await store.read(key) else {
            return .create(StoreRecord(key, ["v": 1], expiresAt: expiry).lent())
        }
        // A record of another token with this 'jti', which has expired and has not been purged yet.
        guard former.expiresAt <= now else { throw UsedJWT.refusal }
        former.expiresAt = expiry
        return .replace(former.lent(), ifVersion: former.version)
    }

    /// Uses a token up at once.
    ///
    /// - Throws: `JWTRefusal` if it was used in the meantime; `StoreError`.
    func commit(_ write: StoreWrite) async throws {
        guard case .committed = try await store.write([write]) else { throw UsedJWT.refusal }
    }
}
