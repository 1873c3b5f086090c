// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Checks tokens of trusted issuers.
struct AssertionCheck: Sendable {
    /// Claims that restrict who may use a token or what for, in ways that this plugin does not check.
    private static let constraints = ["cnf", "act", "authorization_details"]

    let host: any PluginHost
    let issuers: TrustedIssuers

    /// The trusted issuer that a token names.
    ///
    /// - Throws: `JWTRefusal`.
    func issuer(of jwt: UnverifiedJWT) throws -> TrustedIssuer {
        guard let issuer = issuers[jwt.claims["iss"]?.string] else {
            throw JWTRefusal("its issuer is not among the 'issuers' of the plugin")
        }
        guard issuer.isEnabled else { throw JWTRefusal("its issuer is not enabled") }
        return issuer
    }

    /// Checks a token of an issuer.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - jwt: The same token, parsed.
    ///   - issuer: Its issuer.
    ///   - isAssertion: Whether it is an identity assertion.
    ///   - usingUp: Whether it is used up if it may be used once; a grant does that in its writes.
    /// - Returns: Its claims.
    /// - Throws: `JWTRefusal`, `StoreError`, `CancellationError`.
    func claims(
        of token: String, _ jwt: UnverifiedJWT, from issuer: TrustedIssuer, isAssertion: Bool, usingUp: Bool
    ) async throws -> JSON {
        if let name = AssertionCheck.constraints.first(where: { jwt.claims[$0] != nil }) {
            throw JWTRefusal("it has '\(name)', a constraint that this plugin does not check")
        }
        var rules = rules(for: jwt, of: issuer, isAssertion: isAssertion)
        rules.isSingleUse = usingUp && isUsedOnce(jwt.claims, of: issuer, isAssertion: isAssertion)
        do {
            return try await host.foreignKeys.verify(token, by: issuer.keys, rules).claims
        } catch let problem as OutboundError {
            throw JWTRefusal("the keys of its issuer cannot be fetched: \(problem)")
        } catch  where !(error is JWTRefusal || error is StoreError || error is CancellationError) {
            throw JWTRefusal("the keys of its issuer cannot be used: \(error)")
        }
    }

    /// Whether a token is accepted only once.
    func isUsedOnce(_ claims: JSON, of issuer: TrustedIssuer, isAssertion: Bool) -> Bool {
        isAssertion || issuer.use.counts(claims)
    }

    private func rules(for jwt: UnverifiedJWT, of issuer: TrustedIssuer, isAssertion: Bool) -> JWTRules {
        var rules = issuer.plainRules(for: host.issuer)
        if isAssertion {
            rules.types = issuer.types.names.filter { $0 == IdentityAssertion.type }
            rules.isTypeOptional = false
            rules.audience = [host.issuer]
            rules.required = IdentityAssertion.required
        }
        if issuer.use.counts(jwt.claims) { rules.required.append("jti") }
        return rules
    }
}
