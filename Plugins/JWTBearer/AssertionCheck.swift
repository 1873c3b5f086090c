// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Checks tokens of trusted issuers.
struct AssertionCheck: Sendable {
    /// Claims that restrict who may use a token or what for, in ways that this plugin does not check.
    ///
    /// A token with `events`, such as a logout token, only tells that something has happened (RFC 8417 section 4).
    private static let constraints = ["cnf", "act", "authorization_details", "events"]

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
    ///   - isUsedByCaller: Whether the caller commits the writes that use it up.
    /// - Returns: The verified token.
    /// - Throws: `JWTRefusal`, `StoreError`, `CancellationError`.
    func verify(
        _ token: String, _ jwt: UnverifiedJWT, from issuer: TrustedIssuer, isAssertion: Bool, isUsedByCaller: Bool
    ) async throws -> VerifiedJWT {
        if let name = AssertionCheck.constraints.first(where: { jwt.claims[$0] != nil }) {
            throw JWTRefusal("it has '\(name)', a constraint that this plugin does not check")
        }
        var rules = rules(of: issuer, isAssertion: isAssertion)
        rules.isSingleUse = isAssertion || issuer.use.counts(jwt.claims)
        rules.isUsedByCaller = isUsedByCaller
        do {
            return try await host.foreignKeys.verify(token, by: issuer.keys, rules)
        } catch let problem as OutboundError {
            throw JWTRefusal("the keys of its issuer cannot be fetched: \(problem)")
        }
    }

    private func rules(of issuer: TrustedIssuer, isAssertion: Bool) -> JWTRules {
        var rules = issuer.plainRules(for: host.issuer)
        guard isAssertion else { return rules }
        rules.types = issuer.types.ofIdentityAssertions
        rules.isTypeOptional = false
        rules.audience = [host.issuer]
        rules.required = IdentityAssertion.required
        return rules
    }
}
