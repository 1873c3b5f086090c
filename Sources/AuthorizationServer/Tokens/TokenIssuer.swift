// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The only way to issue a response with tokens or codes: check, narrow, mint, extend, commit, record.
///
/// No grant can forget one of these steps, because grants do not take them.
struct TokenIssuer {
    let core: ServerCore
    let generation: Generation
    let registered: RegisteredClient

    private var client: Client { registered.client }

    var narrowing: AccessNarrowing {
        AccessNarrowing(registered: registered, generation: generation, issuer: core.issuer)
    }

    /// Issues a response.
    ///
    /// - Returns: The members of the response; nil if the request must be decided again because what the decision
    ///   depends on has changed.
    /// - Throws: `OAuthError`, and what plugins and the store throw. Nothing has been committed then.
    func issue(_ pending: some PendingAnswer) async throws -> [JSON.Member]? {
        let decided = pending.decided
        let authorization = try await checked(decided, of: pending)
        let issuance = try await make(pending, authorization)
        let conditions = conditions(of: authorization, isNew: decided.grantID == nil)
        let beside = try await pending.committed(beside: issuance)
        let writes = beside.writes + authorization.writes + conditions + issuance.writes
        guard try await commit(writes, beside.promised, of: pending, issuance.authorization) else { return nil }
        await pending.finish(beside.promised)
        core.recorder.recordIssue(issuance, under: pending.grant)
        return issuance.members
    }

    // MARK: check

    /// Checks that a decision has not ended with its client or user, and adds their epochs and the id of a new grant.
    ///
    /// - Throws: `OAuthError`; `StoreError`.
    func checked(_ decided: Authorization, of pending: some PendingGrant) async throws -> Authorization {
        var authorization = decided
        try checkReplay(authorization, pending.grant)
        if authorization.origin.isEmpty { authorization.clientEpoch = registered.epoch }
        guard authorization.clientEpoch == registered.epoch else {
            throw OAuthError.invalidGrant(reason: "the client '\(client.id)' has been deactivated or removed since")
        }
        guard registered.isFirstParty || !authorization.restsOnFirstParty(generation) else {
            throw OAuthError.invalidGrant(
                reason: "the user was not asked to consent, and the client '\(client.id)' is no longer first-party")
        }
        if !pending.hasCurrentUser, case .user(let id) = authorization.subject {
            let user = try await Users(core, generation).check(&authorization, of: id)
            if user == nil, decided.origin.isEmpty { noteUnknownUser(under: pending.grant) }
        }
        if authorization.grantID == nil { authorization.grantID = pending.newGrantID }
        return authorization
    }

    /// Tells the plugin's author that the server does not know the user of a new grant.
    ///
    /// That is allowed (decision 0040), but the identifier may be misspelled. The log does not show it, because a
    /// plugin that puts something else there may have put a secret there.
    private func noteUnknownUser(under key: String?) {
        guard let key, let plan = generation.grants.values.first(where: { $0.declaration.key == key }) else { return }
        plan.grant.log.debug(
            "the grant returned a user that the server does not know; correct the identifier if it should",
            ["grant": key])
    }

    /// Requires a grant id with a redemption: a replay can only end what the first response issued by an id that both
    /// know.
    private func checkReplay(_ decided: Authorization, _ grant: String?) throws {
        guard decided.grantID == nil, decided.writes.contains(where: \.isRedemption) else { return }
        throw OAuthError(
            .serverError,
            reason: "the grant '\(grant ?? "")' redeems a record without a grant id, so a replay could revoke "
                + "nothing: set grantID where the record is created, and return the same one when it is redeemed")
    }

    // MARK: narrow, mint, extend

    private static let stages = [Stage.credential, .assertion]

    /// Builds a response stage by stage: in each, the parts first, then what other plugins add to tokens.
    ///
    /// One value grows from part to part, because copying it is the largest cost here. What most responses do not need
    /// is in functions of its own, so that the frame of this one, which is allocated for each response, stays small.
    private func make(_ pending: some PendingAnswer, _ authorization: Authorization) async throws -> Issuance {
        let (now, parts) = (core.now, pending.parts)
        guard authorization.limits.isOpen(at: now) else { throw pending.ended }
        guard let first = parts.min(by: { $0.stage.rawValue < $1.stage.rawValue }) else {
            throw OAuthError(.serverError, reason: "the response has no parts")
        }
        var plan = try plan(of: first, authorization)
        var issuance = try begin(first, of: authorization, plan, for: pending.request, at: now)
        if !generation.capabilities.tokenFilters.isEmpty { try await filter(&issuance, of: pending) }
        let hasExtensions =
            !generation.capabilities.extensions.isEmpty && authorization.isExtended
            && parts.contains(where: \.hasAccessToken)
        var isBegun = false
        for stage in TokenIssuer.stages where stage.rawValue >= first.stage.rawValue {
            for part in parts where part.stage == stage {
                if isBegun { plan = try change(&issuance, to: part, of: authorization, for: pending) }
                isBegun = true
                if part.hasAccessToken { try await addToken(to: &issuance, plan, asked: pending.askedScope) }
                try await part.extend?(&issuance)
            }
            if hasExtensions { try await extend(&issuance, at: stage) }
        }
        return issuance
    }

    /// Begins another part, with all that the earlier ones have added.
    ///
    /// - Returns: The plan of the part.
    @inline(never)
    private func change(
        _ issuance: inout Issuance, to part: AnswerPart, of authorization: Authorization,
        for pending: some PendingAnswer
    ) throws -> TokenPlan {
        let last = issuance
        let plan = try plan(of: part, authorization)
        issuance = try begin(part, of: authorization, plan, for: pending.request, at: last.issuedAt)
        try issuance.continue(from: last)
        return plan
    }

    /// Lets the extensions of a stage add to a response.
    @inline(never)
    private func extend(_ issuance: inout Issuance, at stage: Stage) async throws {
        for added in generation.capabilities.extensions where added.role.stage == stage {
            try await added.call("ResponseExtension.extend") {
                let fixed = FixedIssuance(issuance)
                try await $0.extend(&issuance)
                try fixed.check(issuance, of: "an extension", by: added.owner, adding: $0.members)
            }
        }
    }

    /// Begins a part, under the origin of its own grant and the common grant id.
    private func begin(
        _ part: AnswerPart, of decided: Authorization, _ plan: TokenPlan, for request: Issuance.Answer,
        at now: Timestamp
    ) throws -> Issuance {
        let authorization = decided.issued(under: part.grant.key, grantID: "")
        return Issuance(
            authorization: authorization, client: client,
            limits: try narrowing.narrow(authorization, plan, for: request), answer: request, issuedAt: now)
    }

    /// Lets filters narrow a response of the token endpoint.
    @inline(never)
    private func filter(_ issuance: inout Issuance, of pending: some PendingAnswer) async throws {
        guard case .token(let request) = issuance.answer else { return }
        let limits = try await generation.capabilities.tokenFilters.narrow(
            issuance.limits, of: issuance.authorization, for: request)
        issuance = Issuance(
            authorization: issuance.authorization, client: client, limits: limits, answer: issuance.answer,
            issuedAt: issuance.issuedAt)
        guard limits.isOpen(at: issuance.issuedAt) else { throw pending.ended }
    }

    private func plan(of part: AnswerPart, _ authorization: Authorization) throws -> TokenPlan {
        let origin = authorization.origin.isEmpty ? part.grant.key : authorization.origin
        // A document may have a section for a grant that the client does not list, so a plan alone is not enough.
        guard client.grants.contains(origin), let plan = registered.plans[origin] else {
            throw OAuthError.invalidGrant(reason: "the client may no longer use '\(origin)'")
        }
        return plan
    }

    /// Adds the access token, or the token of another type that the grant has named.
    private func addToken(to issuance: inout Issuance, _ plan: TokenPlan, asked: String?) async throws {
        let contents = contents(for: issuance, plan)
        if let type = issuance.authorization.issuedType {
            try issuance.add("issued_token_type", .string(type))
            if type != TokenType.access { return try await addProduct(to: &issuance, contents, type, asked: asked) }
        }
        try await addAccessToken(to: &issuance, contents, plan, asked: asked)
    }

    private func addAccessToken(
        to issuance: inout Issuance, _ contents: TokenContents, _ plan: TokenPlan, asked: String?
    ) async throws {
        var contents = contents
        if generation.capabilities.hasTokenClaims, plan.format.role.isSelfContained {
            contents.claims = try await claims(for: contents)
        }
        let token = try await mint(contents, plan.format)
        let kind = contents.authorization.confirmation?.tokenType ?? "Bearer"
        try add(token, of: contents, kind, to: &issuance, asked: asked)
    }

    /// Adds a token that a product makes.
    ///
    /// - Throws: `OAuthError` `invalid_request` if no product makes the type.
    private func addProduct(
        to issuance: inout Issuance, _ contents: TokenContents, _ type: String, asked: String?
    ) async throws {
        guard let product = generation.capabilities.products.first(where: { $0.role.types.contains(type) }) else {
            throw OAuthError(.invalidRequest, "no plugin makes tokens of the requested type")
        }
        var contents = contents
        contents.expiresAt = min(contents.expiresAt, contents.issuedAt + product.role.longestLife)
        let token = try await product.call("TokenProduct.make") { [contents] in
            let token = try await $0.make(contents)
            try product.owner.check(token.writes, of: "the product of '\(type)'")
            return token
        }
        try add(token, of: contents, "N_A", to: &issuance, asked: asked)
    }

    private func add(
        _ token: MintedToken, of contents: TokenContents, _ kind: String, to issuance: inout Issuance, asked: String?
    ) throws {
        issuance.tokenID = contents.id
        try issuance.add("access_token", .string(token.value))
        try issuance.add("token_type", .string(kind))
        let life = contents.expiresAt - contents.issuedAt
        try issuance.add("expires_in", .integer(life.components.seconds))
        for write in token.writes { issuance.alsoWrite(write) }
        try addScope(to: &issuance, asked: asked)
    }

    private func mint(
        _ contents: TokenContents, _ format: Owned<any TokenFormat>
    ) async throws -> MintedToken {
        try await format.call("TokenFormat.mint") {
            let token = try await $0.mint(contents)
            try format.owner.check(token.writes, of: "the token format '\($0.name)'")
            return token
        }
    }

    private func claims(for contents: TokenContents) async throws -> [JSON.Member] {
        try await GatheredClaims(core: core, generation: generation).claims(
            for: contents.authorization, client: client, scope: contents.authorization.limits.scope, to: .accessToken)
    }

    private func contents(for issuance: Issuance, _ plan: TokenPlan) -> TokenContents {
        var carried = issuance.authorization
        carried.limits = issuance.limits
        carried.writes = []
        let end = issuance.issuedAt + plan.lifetime
        return TokenContents(
            id: core.random(bytes: 16), client: client, authorization: carried, issuedAt: issuance.issuedAt,
            expiresAt: issuance.limits.notAfter.map { min($0, end) } ?? end)
    }

    /// RFC 6749 section 5.1: the scope is included if it differs from the requested one, even if it is empty.
    private func addScope(to issuance: inout Issuance, asked: String?) throws {
        let scope = issuance.limits.scope.description
        let isNothingWanted = asked?.isEmpty ?? issuance.authorization.limits.scope.words.isEmpty
        if scope != asked, !scope.isEmpty || !isNothingWanted { try issuance.add("scope", .string(scope)) }
    }

    // MARK: commit

    /// The conditions that an existing grant, consent or session has not ended meanwhile, even if nothing else is
    /// written.
    func conditions(of authorization: Authorization, isNew: Bool) -> [StoreWrite] {
        let ended =
            isNew ? Tombstone.consent(ofGrant: authorization.grantID) : Tombstone.ids(ofGrant: authorization.grantID)
        let others = [authorization.sessionID, authorization.derivation?.tokenID].compactMap(\.self)
        return (ended + others).map { .absent(Tombstone.key($0)) }
    }

    /// Commits all of a response or none of it.
    ///
    /// - Returns: Whether it was committed; false if another request changed what the response depends on.
    func commit(
        _ writes: [StoreWrite], _ promised: PromisedEvents, of pending: some PendingGrant,
        _ authorization: Authorization?
    ) async throws -> Bool {
        guard !writes.isEmpty else { return true }
        try writes.checkKeys(of: "the response of the grant '\(pending.grant ?? "")'")
        guard case .conflict(let index, let found) = try await promised.commit(writes, in: core.store) else {
            return true
        }
        guard writes.indices.contains(index) else {
            throw StoreError("the store reported a conflict at an unknown index")
        }
        try await pending.conflict(at: writes[index], with: found, of: authorization)
        return false
    }
}

extension Authorization {
    /// Whether other plugins add to the response: a token that comes from another, or is no access token, comes alone.
    ///
    /// Otherwise the response could contain more than the original, such as an ID token for another client.
    fileprivate var isExtended: Bool {
        derivation == nil && (issuedType ?? TokenType.access) == TokenType.access
    }
}

extension Issuance {
    /// Adds what earlier parts have added.
    fileprivate mutating func `continue`(from last: Issuance) throws {
        tokenID = last.tokenID
        for member in last.members { try add(member.name, member.value) }
        for write in last.writes { alsoWrite(write) }
    }
}
