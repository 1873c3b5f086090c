// SPDX-License-Identifier: Apache-2.0

/// The public keys of another party, or the secrets that it shares with the server, which the host has checked.
@_spi(Host)
public protocol VerificationKeys: Sendable {
    /// Verifies the signature or the message authentication code of a JWT.
    ///
    /// - Parameter jwt: The JWT, as the host has read it.
    /// - Returns: Whether one of the keys made it.
    func verify(_ jwt: UnverifiedJWT) -> SignatureVerdict
}
