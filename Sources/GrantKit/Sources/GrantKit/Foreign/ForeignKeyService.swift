// SPDX-License-Identifier: Apache-2.0

/// Checks tokens that others have signed.
///
/// The header of a token never decides which key verifies it. `jku`, `x5u`, `x5c` and `jwk` are ignored, and `kid` only
/// chooses among the keys of the source. A token with `crit` or without a signature is refused, and so is one with a
/// message authentication code, unless the source is a secret.
public protocol ForeignKeyService: Sendable {
    /// Checks a token: first its claims by the rules, then its signature, and at last whether it was used before.
    ///
    /// The server fetches a key set once for all plugins, keeps it for as long as its `Cache-Control` allows, and
    /// fetches it again if no key fits the token, but not more often than twice a minute.
    ///
    /// - Parameters:
    ///   - token: The token, in compact serialization.
    ///   - source: The keys of which one must have signed it.
    ///   - rules: The rules that it must follow.
    /// - Returns: The verified token.
    /// - Throws: `JWTRefusal`; `OutboundError` if the key set cannot be fetched; `StoreError`.
    func verify(_ token: String, by source: KeySource, _ rules: JWTRules) async throws -> VerifiedJWT

    /// Parses a key set (RFC 7517 section 5), such as one in the configuration: once, and before a token needs it.
    ///
    /// - Parameter set: The key set, which must have at least one usable key and only public ones.
    /// - Returns: The keys, for `KeySource.keys`.
    /// - Throws: An error whose description says what is wrong with the set.
    func keys(in set: JSON) throws -> PublicKeySet

    /// The issuer that a plugin has added with `Registry.add(issuer:)`.
    ///
    /// - Parameter name: The issuer identifier, which is compared byte for byte.
    /// - Returns: The issuer; nil if no loaded plugin trusts it.
    func issuer(_ name: String) -> ForeignIssuer?

    /// The header and claims of a token before any check, to find out which party's keys to use.
    ///
    /// - Parameter token: The token.
    /// - Returns: The token; nil if it is not a JWS with claims.
    func unverified(_ token: String) -> UnverifiedJWT?
}
