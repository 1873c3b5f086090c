// SPDX-License-Identifier: Apache-2.0

/// Reads what others have signed, and their keys, for the host.
@_spi(Host)
public protocol SignatureVerifier: Sendable {
    /// Parses a key set, which must have at least one usable key and only public ones.
    ///
    /// - Parameter set: The key set (RFC 7517 section 5).
    /// - Returns: The keys.
    /// - Throws: An error whose description says what is wrong with the set.
    func publicKeys(_ set: JSON) throws -> any VerificationKeys

    /// Secrets as keys for message authentication codes.
    ///
    /// - Parameter secrets: The secrets.
    /// - Returns: The keys. A code that is longer than a secret is refused (RFC 7518 section 3.2).
    func secretKeys(_ secrets: [Secret]) -> any VerificationKeys

    /// Parses a JWS with claims, without verifying its signature.
    ///
    /// - Parameter token: The JWS, in compact serialization.
    /// - Returns: Its header, its claims and what is signed.
    /// - Throws: `JWTRefusal` if it is malformed, has no signature, or has `crit`.
    func read(_ token: String) throws -> UnverifiedJWT

    /// The asymmetric algorithms that are verified, by their names in JOSE.
    var signatureAlgorithms: [String] { get }
}
