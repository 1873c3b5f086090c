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
    /// The last restore, before which a token may have been used without a record of it.
    let restoration: Restoration?
    /// The longest time for which such a token can be valid.
    let longest: Duration
    /// How far in the future its time of issue may be.
    let leeway: Duration

    /// The write that uses a token up, for a plugin that commits it with others.
    ///
    /// - Parameters:
    ///   - claims: The claims, which have a `jti` and an `exp`.
    ///   - party: The party that made the token.
    ///   - plugin: The plugin, since each accepts a token for another purpose.
    /// - Returns: The write, which has a conflict if the token is used in the meantime.
    /// - Throws: `JWTRefusal` if it was used before; `StoreError`.
    func write(for claims: JSON, of party: String, by plugin: String) async throws -> StoreWrite {
        let record = try record(claims, party, plugin)
        return try write(record, over: try await store.read(record.key))
    }

    /// Uses a token up at once.
    ///
    /// Nearly always it is new, so nobody looks for its record before it is created.
    ///
    /// - Parameters: Those of `write(for:of:by:)`.
    /// - Throws: `JWTRefusal` if it was used before; `StoreError`.
    func use(_ claims: JSON, of party: String, by plugin: String) async throws {
        let record = try record(claims, party, plugin)
        guard case .conflict(_, let former) = try await store.write([.create(record)]) else { return }
        guard case .committed = try await store.write([try write(record, over: former)]) else {
            throw UsedJWT.refusal
        }
    }

    private func record(_ claims: JSON, _ party: String, _ plugin: String) throws -> StoreRecord {
        guard let id = claims["jti"]?.string, let end = claims["exp"]?.numericDate else {
            throw JWTRefusal("it has no 'jti' or no 'exp'")
        }
        let issued = claims["iat"]?.numericDate
        guard restoration?.mayHaveUsed(from: issued, until: end, longest: longest, leeway: leeway) != true else {
            throw JWTRefusal("it may have been used before the store was restored")
        }
        // As JSON, so that no two different lists of strings are written alike.
        let key = StoreKey(UsedJWT.collection.name, digest(JSON.strings([plugin, party, id]).text))
        return StoreRecord(key, ["v": 1], expiresAt: end + UsedJWT.margin)
    }

    private func write(_ record: StoreRecord, over former: StoreRecord?) throws -> StoreWrite {
        guard var former else { return .create(record.lent()) }
        // A record of another token with this 'jti', which has expired and has not been purged yet.
        guard former.expiresAt <= now else { throw UsedJWT.refusal }
        former.expiresAt = record.expiresAt
        return .replace(former.lent(), ifVersion: former.version)
    }
}
