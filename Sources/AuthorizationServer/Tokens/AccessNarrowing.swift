// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Narrows scope and audience, for both endpoints and nowhere else: to what a client may have, and to what a request
/// asks for.
struct AccessNarrowing {
    let registered: RegisteredClient
    let generation: Generation
    let issuer: String

    private var client: Client { registered.client }

    /// What a request to the token endpoint asks for of what the client may have under a grant.
    ///
    /// An audience that the client may not have is left out here; `narrow` refuses it once the grant has decided, since
    /// a grant may rest on what was granted under another one.
    ///
    /// - Throws: `OAuthError` `invalid_scope` if it asks for more.
    func requested(_ parameters: Parameters, under grant: String) throws -> AccessLimits {
        let scope = try scope(parameters["scope"]) { asked, allowed in
            guard allowed == asked else {
                throw OAuthError(.invalidScope, "a scope was asked for that the client may not have")
            }
        }
        let rules = [registered.plans[grant]?.audience].compactMap(\.self)
        // Each audience is compared with all that the client is registered for.
        return AccessLimits(
            scope: scope, audience: try audience(parameters.values("audience"), most: 32, rules, scope))
    }

    /// What a request to the authorization endpoint asks for of what the client may have under all grants of its flows.
    ///
    /// A word that the client may not have is dropped here, where the token endpoint refuses it; what is left is
    /// returned with the token.
    ///
    /// - Throws: `OAuthError` `invalid_scope` if nothing is left; `invalid_target` for an audience that one of the grants
    ///   may not have.
    func requested(_ parameters: Parameters, underAll grants: [String]) throws -> AccessLimits {
        let scope = try scope(parameters["scope"]) { _, allowed in
            guard !allowed.words.isEmpty else {
                throw OAuthError(.invalidScope, "the client may have none of the scopes that were asked for")
            }
        }
        let rules = grants.compactMap { registered.plans[$0]?.audience }
        let asked = parameters.values("audience")
        // Patterns are tried before anybody has authenticated, so few and short ones only.
        let audience = try audience(asked, most: 8, rules, scope)
        guard asked.allSatisfy({ audience in rules.allSatisfy { $0.allows(audience) } }) else {
            throw OAuthError(.invalidTarget, "an audience was asked for that the client may not have")
        }
        return AccessLimits(scope: scope, audience: audience)
    }

    private func scope(_ text: String?, check: (_ asked: Scope, _ allowed: Scope) throws -> Void) throws -> Scope {
        guard let text else {
            // Some words mean something only when they are asked for.
            let onRequest = generation.capabilities.scopesOnRequest
            return onRequest.isEmpty ? client.scope : client.scope.filter { !onRequest.contains($0) }
        }
        let asked = try Scope(parsing: text)
        let allowed = asked.filter(client.scope.contains)
        try check(asked, allowed)
        return allowed
    }

    private func audience(
        _ asked: [String], most: Int, _ rules: [AudienceRule], _ scope: Scope
    ) throws -> [String] {
        guard asked.count <= most else {
            throw OAuthError(.invalidTarget, "at most \(most) audiences can be asked for")
        }
        let own = generation.capabilities.isServed(scope) ? issuer : nil
        let audience = rules.first?.narrow(to: asked, and: own) ?? []
        // Each part of an answer is issued under its own grant, so what nobody asked for must be the same for all.
        guard !asked.isEmpty || rules.allSatisfy({ Set($0.narrow(to: [], and: own)) == Set(audience) }) else {
            throw OAuthError(.invalidTarget, "the grants of the response type have different audiences: ask for one")
        }
        return audience
    }

    /// What an answer may carry of what was granted: never more than the client may have today, never more than a
    /// request to the token endpoint asked for.
    ///
    /// - Throws: `OAuthError` `invalid_scope` or `invalid_target`.
    func narrow(_ granted: AccessLimits, _ plan: TokenPlan, for request: Issuance.Answer) throws -> AccessLimits {
        var limits = granted
        limits.keep(scope: client.scope.contains)
        let allowed = granted.audience.filter { plan.audience.allows($0) || $0 == issuer }
        guard !allowed.isEmpty || granted.audience.isEmpty else {
            throw OAuthError(.invalidTarget, "what was granted is for an audience that the client may no longer have")
        }
        try limits.keep(audience: allowed)
        // Of a request to the authorization endpoint the person may have allowed less than was asked for.
        guard case .token(let request) = request else { return limits }
        try narrow(&limits, to: request.parameters)
        return limits
    }

    private func narrow(_ limits: inout AccessLimits, to parameters: Parameters) throws {
        if let text = parameters["scope"] {
            let asked = try Scope(parsing: text)
            guard asked.words.allSatisfy(limits.scope.contains) else {
                throw OAuthError(.invalidScope, "a scope was asked for that was not granted")
            }
            limits.keep(scope: asked.contains)
        }
        let asked = parameters.values("audience")
        guard asked.allSatisfy(limits.audience.contains) else {
            throw OAuthError(.invalidTarget, "an audience was asked for that was not granted")
        }
        try limits.keep(audience: asked)
    }
}
