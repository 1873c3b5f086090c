// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The records of tokens that were used as grants, so that each is used once.
///
/// The record is committed together with the access token. If that fails, the token of the issuer is not used up.
struct UsedAssertion {
    static let collection = StoreCollection("jwt_bearer_used")
    /// How much longer than the token a record is kept, because the clocks of machines differ.
    private static let margin = Duration.seconds(120)

    let host: any PluginHost

    /// The write that uses a token up.
    ///
    /// - Parameters:
    ///   - id: The `jti` of the token.
    ///   - issuer: Its issuer.
    /// - Returns: The write, which has a conflict if the token is used at the same time.
    /// - Throws: `JWTRefusal` if it was used before; `StoreError`.
    func use(_ id: String, of issuer: TrustedIssuer) async throws -> StoreWrite {
        // As JSON, so that no two different pairs are written alike.
        let name = JSON.strings([issuer.name, id]).text
        let key = UsedAssertion.collection.key(host.cryptography.digest(name))
        let end = host.now + issuer.longestLife + UsedAssertion.margin
        let former = try await host.store.read(key)
        guard var former else { return .create(StoreRecord(key, ["v": 1], expiresAt: end)) }
        guard former.expiresAt <= host.now else { throw JWTRefusal("it was used before") }
        former.expiresAt = end
        return .replace(former, ifVersion: former.version)
    }
}
