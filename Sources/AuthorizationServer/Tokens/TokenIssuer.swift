// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Narrows, mints, commits and answers: the steps that no grant can forget, because no grant takes them.
struct TokenIssuer {
    let core: ServerCore
    let generation: Generation
    let registered: RegisteredClient

    private var client: Client { registered.client }

    /// What the client itself may have under a grant, narrowed to what a request asks for.
    ///
    /// An audience that the client may not have is left out here; `narrow` refuses it once the grant has decided, since
    /// a grant may rest on what was granted under another one.
    ///
    /// - Throws: `OAuthError` `invalid_scope` if it asks for more.
    func limits(_ parameters: Parameters, under key: String) throws -> AccessLimits {
        let scope = try scope(parameters["scope"])
        let own = generation.capabilities.isServed(scope) ? core.issuer : nil
        let rule = registered.plans[key]?.audience
        let asked = parameters.values("audience")
        // Each is compared with all that the client is registered for.
        guard asked.count <= TokenIssuer.mostAudiences else {
            throw OAuthError(.invalidTarget, "at most \(TokenIssuer.mostAudiences) audiences can be asked for")
        }
        return AccessLimits(scope: scope, audience: rule?.narrow(to: asked, and: own) ?? [])
    }

    private static let mostAudiences = 32

    private func scope(_ asked: String?) throws -> Scope {
        guard let asked else {
            // Some words mean something only when they are asked for.
            let onRequest = generation.capabilities.scopesOnRequest
            return onRequest.isEmpty ? client.scope : client.scope.filter { !onRequest.contains($0) }
        }
        let scope = try Scope(parsing: asked)
        guard scope.words.allSatisfy(client.scope.contains) else {
            throw OAuthError(.invalidScope, "a scope was asked for that the client may not have")
        }
        return scope
    }

    /// Issues what a grant decided, or gives nil if the grant must decide anew because its data changed.
    func issue(_ decided: Authorization, for request: TokenRequest) async throws -> JSON? {
        try checkReplay(decided, request.grant.key)
        var good = try checked(decided)
        if case .user(let id) = good.subject { try await Users(core, generation).check(&good, of: id) }
        let plan = try plan(of: good, request)
        var issuance = try begin(good, plan, request)
        try await addAccessToken(to: &issuance, plan)
        for plugin in generation.capabilities.extensions { try await plugin.extend(&issuance) }
        try addScope(to: &issuance, asked: request.parameters["scope"])
        let writes = writes(of: issuance, isNew: decided.grantID == nil)
        if !writes.isEmpty, try await !commit(writes, issuance.authorization, request.grant.key) { return nil }
        core.recordIssue(issuance, under: request.grant.key)
        return .object(issuance.members)
    }

    private func plan(of authorization: Authorization, _ request: TokenRequest) throws -> TokenPlan {
        let origin = authorization.origin.isEmpty ? request.grant.key : authorization.origin
        // A document may have a section for a grant that the client does not list, so the plan alone says nothing.
        guard client.grants.contains(origin), let plan = registered.plans[origin] else {
            throw OAuthError.invalidGrant(reason: "the client may no longer use '\(origin)'")
        }
        return plan
    }

    private func begin(_ good: Authorization, _ plan: TokenPlan, _ request: TokenRequest) throws -> Issuance {
        let authorization = good.issued(under: request.grant.key, grantID: core.random(bytes: 16))
        let issuedAt = core.now
        guard authorization.limits.isOpen(at: issuedAt) else {
            throw OAuthError.invalidGrant(reason: "what was granted has ended: its limits end before the token begins")
        }
        return Issuance(
            authorization: authorization, client: client,
            limits: try narrow(authorization.limits, plan, request.parameters), answer: .token(request),
            issuedAt: issuedAt)
    }

    /// A replay can end what the first answer gave only by an id that both answers know.
    private func checkReplay(_ decided: Authorization, _ grant: String) throws {
        guard decided.grantID == nil, decided.writes.contains(where: \.isRedemption) else { return }
        throw OAuthError(
            .serverError,
            reason: "the grant '\(grant)' redeems a record without a grant id, so a replay could revoke nothing: "
                + "set grantID where the record is created, and give the same one whenever it is redeemed")
    }

    private func writes(of issuance: Issuance, isNew: Bool) -> [StoreWrite] {
        let authorization = issuance.authorization
        // A grant or session that existed before may have been ended meanwhile, also where nothing else is written.
        let ended = Tombstone.ids(ofGrant: isNew ? nil : authorization.grantID)
        let guards = (ended + [authorization.sessionID].compactMap(\.self)).map { StoreWrite.absent(Tombstone.key($0)) }
        return authorization.writes + guards + issuance.writes
    }

    /// What a grant decided, with the client's epoch if it is new, or the refusal of what has ended with the client.
    private func checked(_ decided: Authorization) throws -> Authorization {
        var authorization = decided
        if decided.origin.isEmpty { authorization.clientEpoch = registered.epoch }
        guard authorization.clientEpoch == registered.epoch else {
            throw OAuthError.invalidGrant(reason: "the client '\(client.id)' was inactive or removed since")
        }
        guard registered.isFirstParty || !restsOnFirstParty(decided) else {
            throw OAuthError.invalidGrant(
                reason: "nobody was asked to consent, and the client '\(client.id)' is no longer first-party")
        }
        return authorization
    }

    /// Whether it was granted at the authorization endpoint without the consent of the person, who was not asked.
    private func restsOnFirstParty(_ decided: Authorization) -> Bool {
        guard !decided.origin.isEmpty, case .user = decided.subject else { return false }
        let isOfFlow = generation.capabilities.flows.contains { $0.grant.key == decided.origin }
        return isOfFlow && !Tombstone.wasAsked(forGrant: decided.grantID)
    }

    /// What this answer may carry: never more than the client may have today, never more than it asked for.
    private func narrow(_ granted: AccessLimits, _ plan: TokenPlan, _ parameters: Parameters) throws -> AccessLimits {
        var limits = granted
        limits.keep(scope: client.scope.contains)
        if let text = parameters["scope"] {
            let asked = try Scope(parsing: text)
            guard asked.words.allSatisfy(limits.scope.contains) else {
                throw OAuthError(.invalidScope, "a scope was asked for that was not granted")
            }
            limits.keep(scope: asked.contains)
        }
        let allowed = granted.audience.filter { plan.audience.allows($0) || $0 == core.issuer }
        guard !allowed.isEmpty || granted.audience.isEmpty else {
            throw OAuthError(.invalidTarget, "what was granted is for an audience that the client may no longer have")
        }
        try limits.keep(audience: allowed)
        let asked = parameters.values("audience")
        guard asked.allSatisfy(limits.audience.contains) else {
            throw OAuthError(.invalidTarget, "an audience was asked for that was not granted")
        }
        try limits.keep(audience: asked)
        return limits
    }

    func addAccessToken(to issuance: inout Issuance, _ plan: TokenPlan) async throws {
        let contents = contents(for: issuance, plan)
        try add(try await plan.format.mint(contents), contents, to: &issuance)
    }

    private func contents(for issuance: Issuance, _ plan: TokenPlan) -> AccessTokenContents {
        var carried = issuance.authorization
        carried.limits = issuance.limits
        carried.writes = []
        let end = issuance.issuedAt + plan.lifetime
        return AccessTokenContents(
            id: core.random(bytes: 16), client: client, authorization: carried, issuedAt: issuance.issuedAt,
            expiresAt: issuance.limits.notAfter.map { min($0, end) } ?? end)
    }

    private func add(_ token: MintedToken, _ contents: AccessTokenContents, to issuance: inout Issuance) throws {
        issuance.tokenID = contents.id
        try issuance.add("access_token", .string(token.value))
        try issuance.add("token_type", .string(contents.authorization.confirmation?.tokenType ?? "Bearer"))
        let life = contents.expiresAt - contents.issuedAt
        try issuance.add("expires_in", .integer(life.components.seconds))
        for write in token.writes { issuance.alsoWrite(write) }
    }

    /// RFC 6749 section 5.1: the scope is named when it differs from what was asked for, also where nothing is left.
    func addScope(to issuance: inout Issuance, asked: String?) throws {
        let scope = issuance.limits.scope.description
        let isNothingWanted = asked?.isEmpty ?? issuance.authorization.limits.scope.words.isEmpty
        if scope != asked, !scope.isEmpty || !isNothingWanted { try issuance.add("scope", .string(scope)) }
    }

    /// Commits all of an answer or nothing of it.
    ///
    /// - Returns: Whether it was committed; if not, another request changed what the grant had read.
    /// - Throws: `OAuthError` `invalid_grant` for a replay or a revoked grant.
    private func commit(_ writes: [StoreWrite], _ authorization: Authorization, _ grant: String) async throws -> Bool {
        try writes.checkKeys(of: "an answer of the grant '\(grant)'")
        guard case .conflict(let place, let found) = try await core.store.write(writes) else { return true }
        switch writes[place] {
        case .replace: return false
        case .redeem: throw try await replay(found, authorization)
        case .absent: throw OAuthError.invalidGrant(reason: "the grant was revoked")
        default: throw OAuthError.invalidGrant(reason: "what would be created exists already")
        }
    }

    /// RFC 6749 section 4.1.2: what was redeemed before is in two hands, so all that came of it ends.
    private func replay(_ found: StoreRecord?, _ authorization: Authorization) async throws -> OAuthError {
        guard found?.isRedeemed == true, let id = authorization.grantID else {
            return .invalidGrant(reason: "it is gone")
        }
        core.events.record(Event(.replayed, authorization))
        try await core.revoke(.grant(id), reason: "it was redeemed twice")
        return .invalidGrant(reason: "it was redeemed before; all that came of it is revoked")
    }
}
