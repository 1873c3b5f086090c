// SPDX-License-Identifier: Apache-2.0

/// Public keys of another party, which the server has parsed.
public struct PublicKeySet: Sendable {
    /// For the host: the keys.
    @_spi(Host)
    public let keys: any VerificationKeys

    /// For the host: wraps parsed keys.
    @_spi(Host)
    public init(_ keys: any VerificationKeys) {
        self.keys = keys
    }
}
