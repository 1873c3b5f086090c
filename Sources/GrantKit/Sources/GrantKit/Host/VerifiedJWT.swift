// SPDX-License-Identifier: Apache-2.0

/// A JWS whose signature was verified.
public struct VerifiedJWT: Sendable {
    /// The protected header.
    public var header: JSON
    /// The claims.
    public var claims: JSON

    /// For the host: makes a verified JWT.
    @_spi(Host)
    public init(header: JSON, claims: JSON) {
        self.header = header
        self.claims = claims
    }
}
