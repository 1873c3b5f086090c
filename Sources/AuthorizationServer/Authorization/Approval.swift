// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a client gets for an approval, in one commit.
struct Approval {
    let core: ServerCore
    let generation: Generation
    let run: InteractionRun
    let limits: AccessLimits
    /// The digest of the form that approves.
    let form: String?

    private var valid: ValidRequest { run.valid }

    /// Answers, or gives nil if something that was read has changed meanwhile.
    ///
    /// - Throws: `ApprovedBefore`; what a flow throws.
    func answer() async throws -> ServerResponse? {
        guard let session = run.session else { throw OAuthError(.serverError, reason: "approved by nobody") }
        guard limits.isOpen(at: core.now) else {
            throw OAuthError(.accessDenied, "what was asked for has ended", reason: "its limits end before it begins")
        }
        let issued = try await issue(authorization(session))
        let members = issued.members.map { (name: $0.name, value: Approval.text($0.value)) }
        let given = GivenAnswer(
            members: members, clientID: valid.registered.client.id, redirectURI: valid.destination.redirect.text,
            sessionID: session.id, cookie: run.begun?.cookie, grantID: issued.authorization.grantID,
            issued: issued.writes.compactMap(\.createdKey), at: core.now)
        var writes = [StoreWrite.create(try given.marker(of: run.state, for: form, in: core))]
        writes += run.sessionWrites ?? [.absent(Tombstone.key(session.id))]
        if let remembered = run.remembered { writes.append(remembered) }
        if let consent = run.consentID { writes.append(.absent(Tombstone.key(consent))) }
        writes += try await core.remembering(valid.registered.client.id, in: session, isNew: run.begun?.isNew ?? false)
        guard try await commit(writes + issued.writes) else { return nil }
        core.recordBegin(of: run)
        await core.endOldest(after: run.begun)
        core.recordConsent(of: run, limits)
        core.recordIssue(issued, under: valid.flows.first?.grant.key)
        return try core.answer(members, to: valid.destination, generation)
    }

    private func authorization(_ session: Session) -> Authorization {
        var authorization = Authorization(user: session.user, limits: limits)
        authorization.authenticatedAt = session.authenticatedAt
        authorization.acr = session.acr
        authorization.amr = session.amr
        authorization.sessionID = session.id
        authorization.clientEpoch = valid.registered.epoch
        let asked = ConsentItems.keeping(run.allowedItems, in: valid.policy.attachments)
        authorization.attachments = asked.merging(run.state.attachments) { _, new in new }
        return authorization
    }

    /// Each word answers under the origin of its own grant, all under one grant id, and sees what those before it added.
    private func issue(_ approved: Authorization) async throws -> Issuance {
        let grantID = Tombstone.grantID(core.random(bytes: 16), under: run.consentID, wasAsked: run.wasAsked)
        let issuing = TokenIssuer(core: core, generation: generation, registered: valid.registered)
        var last: Issuance?
        for stage in [Stage.credential, .assertion] {
            for flow in valid.flows where flow.stage == stage {
                var own = Issuance(
                    authorization: approved.issued(under: flow.grant.key, grantID: grantID),
                    client: valid.registered.client, limits: limits, answer: .authorization(valid.request),
                    issuedAt: core.now)
                try own.take(over: last)
                if flow.issuesAccessToken, let plan = valid.registered.plans[flow.grant.key] {
                    try await issuing.addAccessToken(to: &own, plan)
                    try issuing.addScope(to: &own, asked: valid.request.parameters["scope"])
                }
                try await flow.respond(&own, to: valid.request)
                last = own
            }
            guard valid.flows.contains(where: \.issuesAccessToken), var all = last else { continue }
            for plugin in generation.capabilities.extensions where plugin.stage == stage {
                try await plugin.extend(&all)
            }
            last = all
        }
        guard let last else { throw OAuthError(.serverError, reason: "no flow answers") }
        return last
    }

    private func commit(_ writes: [StoreWrite]) async throws -> Bool {
        try writes.checkKeys(of: "an answer of the authorization endpoint")
        guard case .conflict(let place, _) = try await core.store.write(writes) else { return true }
        if place == 0 { throw ApprovedBefore() }
        return false
    }

    private static func text(_ value: JSON) -> String {
        value.string ?? value.text
    }
}

extension StoreWrite {
    /// The record that it makes, of those that nobody had before.
    fileprivate var createdKey: StoreKey? {
        if case .create(let record) = self { record.key } else { nil }
    }
}

extension Issuance {
    /// Goes on from what was added under another grant's origin.
    fileprivate mutating func take(over last: Issuance?) throws {
        tokenID = last?.tokenID
        for member in last?.members ?? [] { try add(member.name, member.value) }
        for write in last?.writes ?? [] { alsoWrite(write) }
    }
}
