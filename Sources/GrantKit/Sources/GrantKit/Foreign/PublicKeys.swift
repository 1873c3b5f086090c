// SPDX-License-Identifier: Apache-2.0

/// The public keys of another party, which the host has parsed and checked.
@_spi(Host)
public protocol PublicKeys: Sendable {
    /// Verifies the signature of a JWS.
    ///
    /// - Parameter token: The JWS, in compact serialization.
    /// - Returns: Whether one of the keys made it.
    func verify(_ token: String) -> SignatureVerdict
}
