// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The one way to an answer that holds tokens or codes: check, narrow, mint, extend, commit, record.
///
/// No grant and no flow can forget one of these steps, because none of them takes them.
struct TokenIssuer {
    let core: ServerCore
    let generation: Generation
    let registered: RegisteredClient

    private var client: Client { registered.client }

    var narrowing: AccessNarrowing {
        AccessNarrowing(registered: registered, generation: generation, issuer: core.issuer)
    }

    /// Issues an answer, or gives nil if it must be decided anew because what it rests on has changed.
    ///
    /// - Throws: `OAuthError`; what plugins and the store throw. Nothing is committed then.
    func issue(_ pending: some PendingAnswer) async throws -> Issuance? {
        let decided = pending.decided
        let authorization = try await checked(decided, of: pending)
        let issuance = try await make(pending, authorization)
        let conditions = conditions(of: authorization, isNew: decided.grantID == nil)
        let writes =
            try await pending.writes(beside: issuance) + authorization.writes + conditions + issuance.writes
        guard try await commit(writes, of: pending, issuance.authorization) else { return nil }
        await pending.committed(issuance)
        core.recorder.recordIssue(issuance, under: pending.grant)
        return issuance
    }

    // MARK: check

    /// What was decided, with the epochs of client and person and the grant id if it is new, or the refusal of what has
    /// ended with them.
    private func checked(
        _ decided: Authorization, of pending: some PendingAnswer
    ) async throws -> Authorization {
        var authorization = decided
        try checkReplay(authorization, pending.grant)
        if authorization.origin.isEmpty { authorization.clientEpoch = registered.epoch }
        guard authorization.clientEpoch == registered.epoch else {
            throw OAuthError.invalidGrant(reason: "the client '\(client.id)' was inactive or removed since")
        }
        guard registered.isFirstParty || !restsOnFirstParty(authorization) else {
            throw OAuthError.invalidGrant(
                reason: "nobody was asked to consent, and the client '\(client.id)' is no longer first-party")
        }
        // The authorization endpoint has just read the person together with the session.
        if case .token = pending.request, case .user(let id) = authorization.subject {
            try await Users(core, generation).check(&authorization, of: id)
        }
        if authorization.grantID == nil { authorization.grantID = pending.newGrantID }
        return authorization
    }

    /// A replay can end what the first answer gave only by an id that both answers know.
    private func checkReplay(_ decided: Authorization, _ grant: String?) throws {
        guard decided.grantID == nil, decided.writes.contains(where: \.isRedemption) else { return }
        throw OAuthError(
            .serverError,
            reason: "the grant '\(grant ?? "")' redeems a record without a grant id, so a replay could revoke nothing: "
                + "set grantID where the record is created, and give the same one whenever it is redeemed")
    }

    /// Whether it was granted at the authorization endpoint without the consent of the person, who was not asked.
    private func restsOnFirstParty(_ decided: Authorization) -> Bool {
        guard !decided.origin.isEmpty, case .user = decided.subject else { return false }
        let isOfFlow = generation.capabilities.flows.contains { $0.grant.key == decided.origin }
        return isOfFlow && !Tombstone.wasAsked(forGrant: decided.grantID)
    }

    // MARK: narrow, mint, extend

    private static let stages = [Stage.credential, .assertion]

    /// Makes the answer stage by stage: first what the parts add, then what other plugins add to tokens.
    ///
    /// There is one value that grows, since a copy of it is what costs most here.
    private func make(_ pending: some PendingAnswer, _ authorization: Authorization) async throws -> Issuance {
        let (request, now, parts) = (pending.request, core.now, pending.parts)
        guard authorization.limits.isOpen(at: now) else { throw pending.ended }
        guard let first = parts.min(by: { $0.stage.rawValue < $1.stage.rawValue }) else {
            throw OAuthError(.serverError, reason: "no part makes an answer")
        }
        var plan = try plan(of: first, authorization)
        var issuance = try begin(first, of: authorization, plan, for: request, at: now)
        var isBegun = false
        for stage in TokenIssuer.stages where stage.rawValue >= first.stage.rawValue {
            for part in parts where part.stage == stage {
                if isBegun {
                    plan = try self.plan(of: part, authorization)
                    issuance = try begin(part, of: authorization, plan, for: request, at: now, after: issuance)
                }
                isBegun = true
                if part.hasAccessToken { try await addAccessToken(to: &issuance, plan) }
                try await part.extend?(&issuance)
            }
            guard parts.contains(where: \.hasAccessToken) else { continue }
            for plugin in generation.capabilities.extensions where plugin.stage == stage {
                try await plugin.extend(&issuance)
            }
        }
        return issuance
    }

    /// Each part is issued under the origin of its own grant, all under one grant id, and sees what was added before it.
    private func begin(
        _ part: AnswerPart, of decided: Authorization, _ plan: TokenPlan, for request: Issuance.Answer,
        at now: Timestamp, after last: Issuance? = nil
    ) throws -> Issuance {
        let authorization = decided.issued(under: part.grant.key, grantID: "")
        var issuance = Issuance(
            authorization: authorization, client: client,
            limits: try narrowing.narrow(authorization.limits, plan, for: request), answer: request, issuedAt: now)
        if let last { try issuance.continue(from: last) }
        return issuance
    }

    private func plan(of part: AnswerPart, _ authorization: Authorization) throws -> TokenPlan {
        let origin = authorization.origin.isEmpty ? part.grant.key : authorization.origin
        // A document may have a section for a grant that the client does not list, so the plan alone says nothing.
        guard client.grants.contains(origin), let plan = registered.plans[origin] else {
            throw OAuthError.invalidGrant(reason: "the client may no longer use '\(origin)'")
        }
        return plan
    }

    private func addAccessToken(to issuance: inout Issuance, _ plan: TokenPlan) async throws {
        let contents = contents(for: issuance, plan)
        let token = try await plan.format.mint(contents)
        issuance.tokenID = contents.id
        try issuance.add("access_token", .string(token.value))
        try issuance.add("token_type", .string(contents.authorization.confirmation?.tokenType ?? "Bearer"))
        let life = contents.expiresAt - contents.issuedAt
        try issuance.add("expires_in", .integer(life.components.seconds))
        for write in token.writes { issuance.alsoWrite(write) }
        try addScope(to: &issuance)
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

    /// RFC 6749 section 5.1: the scope is named when it differs from what was asked for, also where nothing is left.
    private func addScope(to issuance: inout Issuance) throws {
        let asked = issuance.answer.askedScope
        let scope = issuance.limits.scope.description
        let isNothingWanted = asked?.isEmpty ?? issuance.authorization.limits.scope.words.isEmpty
        if scope != asked, !scope.isEmpty || !isNothingWanted { try issuance.add("scope", .string(scope)) }
    }

    // MARK: commit

    /// A grant, consent or session that existed before may have been ended meanwhile, also where nothing else is written.
    private func conditions(of authorization: Authorization, isNew: Bool) -> [StoreWrite] {
        let ended =
            isNew ? Tombstone.consent(ofGrant: authorization.grantID) : Tombstone.ids(ofGrant: authorization.grantID)
        return (ended + (authorization.sessionID.map { [$0] } ?? [])).map { .absent(Tombstone.key($0)) }
    }

    /// Commits all of an answer or nothing of it.
    ///
    /// - Returns: Whether it was committed; if not, another request changed what the answer rests on.
    private func commit(
        _ writes: [StoreWrite], of pending: some PendingAnswer, _ authorization: Authorization
    ) async throws -> Bool {
        guard !writes.isEmpty else { return true }
        try writes.checkKeys(of: "an answer of the grant '\(pending.grant ?? "")'")
        guard case .conflict(let index, let found) = try await core.store.write(writes) else { return true }
        guard writes.indices.contains(index) else { throw StoreError("the store names a write that it was not given") }
        try await pending.conflict(at: writes[index], with: found, of: authorization)
        return false
    }
}

extension Issuance {
    /// Takes over what another part has added.
    fileprivate mutating func `continue`(from last: Issuance) throws {
        tokenID = last.tokenID
        for member in last.members { try add(member.name, member.value) }
        for write in last.writes { alsoWrite(write) }
    }
}

extension Issuance.Answer {
    fileprivate var askedScope: String? {
        switch self {
        case .token(let request): request.parameters["scope"]
        case .authorization(let request): request.parameters["scope"]
        @unknown default: nil
        }
    }
}
