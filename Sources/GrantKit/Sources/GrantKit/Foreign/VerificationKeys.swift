// SPDX-License-Identifier: Apache-2.0

/// The public keys of another party, or the secrets that it shares with the server, which the host has checked.
@_spi(Host)
public protocol VerificationKeys: Sendable {
    /// Verifies the signature or the message authentication code of a JWS.
    ///
    /// - Parameter token: The JWS, in compact serialization.
    /// - Returns: Whether one of the keys made it.
    func verify(_ token: String) -> SignatureVerdict
}
