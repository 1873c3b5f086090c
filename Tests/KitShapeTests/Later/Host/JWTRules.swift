// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules that a token of another party must follow.
///
/// Without an issuer or audience, the caller has to check it.
struct JWTRules: Sendable {
    /// The values of `typ` that are accepted.
    var types: [String]
    var issuer: String?
    /// The audiences of which the token must name one.
    var audience: [String] = []
    /// Whether it may name no other.
    var isAudienceAlone = false
    /// The claims that must be present.
    var required = ["exp"]
    /// How far ahead `exp` may be.
    var longestLife: Duration?

    init(types: [String], issuer: String? = nil, audience: [String] = []) {
        self.types = types
        self.issuer = issuer
        self.audience = audience
    }

    /// For the host.
    func check(_ jwt: VerifiedJWT, at now: Timestamp) throws {
        guard let type = jwt.header["typ"]?.string, types.contains(type) else { throw JWTRefusal("its type is wrong") }
        for name in required where jwt.claims[name] == nil { throw JWTRefusal("it has no '\(name)'") }
        if let issuer, jwt.claims["iss"]?.string != issuer { throw JWTRefusal("it is from another issuer") }
        if !audience.isEmpty { try checkAudience(jwt.claims["aud"]?.strings ?? []) }
        try checkTimes(jwt.claims, now)
    }

    private func checkAudience(_ named: [String]) throws {
        guard named.contains(where: { audience.contains($0) }), named.count == 1 || !isAudienceAlone else {
            throw JWTRefusal("it is for another audience")
        }
    }

    private func checkTimes(_ claims: JSON, _ now: Timestamp) throws {
        if let end = claims["exp"] {
            guard let seconds = end.integer, seconds > now.seconds else { throw JWTRefusal("it has expired") }
            if let longestLife, Timestamp(seconds: seconds) - now > longestLife {
                throw JWTRefusal("it is valid for too long")
            }
        }
        if let start = claims["nbf"] {
            guard let seconds = start.integer, seconds <= (now + .seconds(10)).seconds else {
                throw JWTRefusal("it is not valid yet")
            }
        }
    }
}
