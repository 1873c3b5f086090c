// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Exchanges tokens that this server has issued.
struct OwnSubject: Sendable {
    let host: any PluginHost
    let rules: ClientAttribute<ExchangeRules>

    private var tokens: OwnTokens { OwnTokens(host: host) }

    /// Decides what a client gets for a token.
    ///
    /// - Throws: `OAuthError`; `StoreError`.
    func authorize(_ exchange: ExchangeRequest) async throws -> Authorization {
        let all = exchange.client[rules].all.filter { rule in
            rule.subjects.contains(exchange.subjectType) && rule.result == exchange.result
        }
        guard !all.isEmpty else {
            throw OAuthError.subject("no rule in '\(rules.name)' of the client exchanges this type for that one")
        }
        let token = try await tokens.token(
            exchange.subject, exchange.subjectType, for: exchange.client, refuse: OAuthError.subject)
        let (rule, audience) = try target(of: exchange, token, all)
        var derived = try await host.access.derive(from: token, for: exchange.request, audience: audience)
        if let scope = rule.scope { derived.limits.keep(scope: scope.contains) }
        try await addActor(to: &derived, exchange, rule)
        derived.issuedType = exchange.result.identifier
        if exchange.result == .identityAssertion {
            guard derived.actor == nil else {
                throw OAuthError.subject("somebody acts for its subject, and an assertion would not say so")
            }
            derived.attachments[TokenExchange.manifest.id] = try IdentityAssertions.details(of: exchange, rule)
        } else {
            try exchange.checkResources(in: audience)
        }
        return derived
    }

    // MARK: target

    /// The first rule that lists all that the request names, and the audience of what is issued.
    private func target(
        of exchange: ExchangeRequest, _ token: ResolvedToken, _ all: [ExchangeRule]
    ) throws -> (ExchangeRule, [String]) {
        let former = tokens.audience(of: token)
        let fitting = all.filter { $0.isAbout(exchange.subjectType, for: former) }
        guard !fitting.isEmpty else {
            throw OAuthError.subject("no rule in '\(rules.name)' of the client is about the audience of this token")
        }
        for rule in fitting {
            if let audience = rule.audience(asked: exchange.audience, former: former) { return (rule, audience) }
        }
        throw exchange.audience.isEmpty
            ? OAuthError.target("the request must name an 'audience', since the token's own is not allowed")
            : OAuthError.target(
                "the client may not get a token for the requested audience",
                reason:
                    "no rule in '\(rules.name)' of the client lists the requested audience for tokens of this audience")
    }

    // MARK: actor

    /// Adds who acts, after whom what is issued ends too.
    private func addActor(
        to derived: inout Authorization, _ exchange: ExchangeRequest, _ rule: ExchangeRule
    ) async throws {
        let client = exchange.client
        guard let (value, type) = exchange.actor else {
            guard Delegation.allows(derived.mayAct, actor: client.id, client: client.id, issuer: host.issuer) else {
                throw OAuthError.subject("its 'may_act' names somebody else than the client")
            }
            return
        }
        guard rule.actors.contains(type) else { throw OAuthError.actor("the rule has no such 'actor'") }
        let actor = try await tokens.token(value, type, for: client, refuse: OAuthError.actor)
        guard actor.authorization.actor == nil else { throw OAuthError.actor("somebody acts for its subject too") }
        let subject = actor.authorization.subject
        guard Delegation.allows(derived.mayAct, actor: subject.id, client: client.id, issuer: host.issuer) else {
            throw OAuthError.actor("'may_act' of the subject token names somebody else")
        }
        derived.actor = try Delegation.act(subject, before: derived.actor)
        derived.limits.end(by: actor.expiresAt)
        derived.writes += try await conditions(of: actor)
    }

    /// The conditions that an actor token has not been revoked meanwhile.
    private func conditions(of actor: ResolvedToken) async throws -> [StoreWrite] {
        var all = [Revocation.token(actor.id)]
        if let grant = actor.authorization.grantID { all.append(.grant(grant)) }
        if let session = actor.authorization.sessionID { all.append(.session(session)) }
        var writes: [StoreWrite] = []
        for what in all { writes.append(try await host.tokens.unrevoked(what)) }
        return writes
    }
}
