// SPDX-License-Identifier: Apache-2.0

/// A JWS whose signature was verified.
public struct VerifiedJWT: Sendable {
    /// The protected header.
    public var header: JSON
    /// The claims.
    public var claims: JSON
    /// The writes that use the token up, for the caller to commit with what it issues (`JWTRules.isUsedByCaller`).
    ///
    /// They have a conflict if the token is used elsewhere in the meantime.
    public var writes: [StoreWrite]

    /// For the host: makes a verified JWT.
    @_spi(Host)
    public init(header: JSON, claims: JSON, writes: [StoreWrite] = []) {
        self.header = header
        self.claims = claims
        self.writes = writes
    }
}
