// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Narrows scope and audience, for both endpoints, to what a client may have and what a request asks for.
struct AccessNarrowing {
    let registered: RegisteredClient
    let generation: Generation
    let issuer: String

    private var client: Client { registered.client }

    /// The part of what the client may have under a grant that a request to the token endpoint asks for.
    ///
    /// An audience that the client may not have is left out here. `narrow` refuses it once the grant has decided,
    /// because a grant may continue one that was made under another grant type.
    ///
    /// - Throws: `OAuthError` `invalid_scope` if the request asks for a scope that the client may not have.
    func requested(_ parameters: Parameters, under grant: String) throws -> AccessLimits {
        let scope = try scope(parameters["scope"]) { asked, allowed in
            guard allowed == asked else {
                throw OAuthError(.invalidScope, "the client requested a scope that it may not have")
            }
        }
        let rules = [registered.plans[grant]?.audience].compactMap(\.self)
        // Every audience is compared with the client's whole registration.
        return AccessLimits(
            scope: scope, audience: try audience(parameters.values("audience"), most: 32, rules, scope))
    }

    /// The part of what the client may have under all of several grants that a request to the authorization endpoint
    /// asks for.
    ///
    /// A scope value that the client may not have is dropped here, whereas the token endpoint refuses it. The remaining
    /// scope is returned with the token.
    ///
    /// - Throws: `OAuthError` `invalid_scope` if no scope value remains; `invalid_target` for an audience that is not
    ///   allowed under each of the grants.
    func requested(_ parameters: Parameters, underAll grants: [String]) throws -> AccessLimits {
        let scope = try scope(parameters["scope"]) { _, allowed in
            guard !allowed.words.isEmpty else {
                throw OAuthError(.invalidScope, "the client may have none of the requested scopes")
            }
        }
        let rules = grants.compactMap { registered.plans[$0]?.audience }
        let asked = parameters.values("audience")
        // Patterns are matched before anyone has authenticated, so there are few of them, and short ones.
        let audience = try audience(asked, most: 8, rules, scope)
        guard asked.allSatisfy({ audience in rules.allSatisfy { $0.allows(audience) } }) else {
            throw OAuthError(.invalidTarget, "the client requested an audience that it may not have")
        }
        return AccessLimits(scope: scope, audience: audience)
    }

    private func scope(_ text: String?, check: (_ asked: Scope, _ allowed: Scope) throws -> Void) throws -> Scope {
        guard let text else {
            // Some scope values only mean something if the client asks for them.
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
            throw OAuthError(.invalidTarget, "a request can name at most \(most) audiences")
        }
        let own = generation.capabilities.isServed(scope) ? issuer : nil
        let audience = rules.first?.narrow(to: asked, and: own) ?? []
        // Each part of a response is issued under its own grant, so the default audiences must be the same for all.
        guard !asked.isEmpty || rules.dropFirst().allSatisfy({ Set($0.narrow(to: [], and: own)) == Set(audience) })
        else {
            throw OAuthError(.invalidTarget, "the grants of the response type have different audiences; request one")
        }
        return audience
    }

    /// The part of a grant that a response may contain: never more than the client may have today or than a request to
    /// the token endpoint asks for.
    ///
    /// - Throws: `OAuthError` `invalid_scope` or `invalid_target`.
    func narrow(
        _ authorization: Authorization, _ plan: TokenPlan, for request: Issuance.Answer
    ) throws -> AccessLimits {
        var limits = authorization.limits
        if authorization.derivation == nil {
            limits = try narrow(limits, plan)
        } else {
            // Which audience may follow from another is the decision of the grant.
            limits.keep(scope: client.scope.contains)
        }
        // After a request to the authorization endpoint, the user may have allowed less than was requested.
        guard case .token(let request) = request else { return limits }
        try narrow(&limits, to: request.parameters)
        return limits
    }

    /// The part of a grant that the client may have today.
    ///
    /// - Throws: `OAuthError` `invalid_target` if an audience was granted, and none is left.
    func narrow(_ granted: AccessLimits, _ plan: TokenPlan) throws -> AccessLimits {
        var limits = granted
        limits.keep(scope: client.scope.contains)
        let allowed = granted.audience.filter { plan.audience.allows($0) || $0 == issuer }
        guard !allowed.isEmpty || granted.audience.isEmpty else { throw refusal(of: granted.audience) }
        try limits.keep(audience: allowed)
        return limits
    }

    /// The refusal of a grant whose audiences are all out of reach, with the first few for the log.
    private func refusal(of audiences: [String]) -> OAuthError {
        let names = audiences.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        return OAuthError(
            .invalidTarget, "the grant is for an audience that the client may not have",
            reason: "the grant is for \(names), which the client '\(client.id)' may not have")
    }

    /// Narrows limits to what a request asks for.
    ///
    /// - Throws: `OAuthError` `invalid_scope` or `invalid_target` if it asks for more.
    func narrow(_ limits: inout AccessLimits, to parameters: Parameters) throws {
        if let text = parameters["scope"] {
            let asked = try Scope(parsing: text)
            guard asked.words.allSatisfy(limits.scope.contains) else {
                throw OAuthError(.invalidScope, "a requested scope was not granted")
            }
            limits.keep(scope: asked.contains)
        }
        let asked = parameters.values("audience")
        guard asked.allSatisfy(limits.audience.contains) else {
            throw OAuthError(.invalidTarget, "a requested audience was not granted")
        }
        try limits.keep(audience: asked)
    }
}
