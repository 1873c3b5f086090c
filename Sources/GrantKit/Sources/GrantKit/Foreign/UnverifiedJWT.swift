// SPDX-License-Identifier: Apache-2.0

/// A JWT whose signature and claims nobody has checked, only to find out which rules apply to it.
public struct UnverifiedJWT: Sendable {
    /// The protected header.
    public var header: JSON
    /// The claims, which are an object.
    public var claims: JSON
    /// For the host: what was signed, the encoded header and claims with the dot between them.
    @_spi(Host)
    public let signed: [UInt8]
    /// For the host: the signature or the message authentication code.
    @_spi(Host)
    public let signature: [UInt8]

    /// Makes an unverified JWT.
    public init(header: JSON, claims: JSON) {
        self.init(header: header, claims: claims, signed: [], signature: [])
    }

    /// For the host: makes an unverified JWT whose signature can be verified.
    @_spi(Host)
    public init(header: JSON, claims: JSON, signed: [UInt8], signature: [UInt8]) {
        self.header = header
        self.claims = claims
        self.signed = signed
        self.signature = signature
    }
}
