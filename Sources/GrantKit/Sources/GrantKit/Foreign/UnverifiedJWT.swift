// SPDX-License-Identifier: Apache-2.0

/// A JWS with claims, of which nothing has been checked: anyone may have made it.
public struct UnverifiedJWT: Sendable {
    /// The protected header.
    public var header: JSON
    /// The claims, which are an object.
    public var claims: JSON

    /// Makes an unverified JWT.
    public init(header: JSON, claims: JSON) {
        self.header = header
        self.claims = claims
    }
}
