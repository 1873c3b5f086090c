// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Issues what a client gets for an approval, in one commit with the session, the consent and the mark that the page is
/// used.
struct Approval: PendingAnswer {
    let core: ServerCore
    let generation: Generation
    let run: InteractionRun
    let session: Session
    let limits: AccessLimits
    /// The digest of the approving form.
    let form: String?

    private var valid: ValidRequest { run.valid }

    /// Responds; nil if something that was read has changed meanwhile.
    ///
    /// - Throws: `ApprovedBefore`, or an error of a flow.
    func answer() async throws -> ServerResponse? {
        let issuer = TokenIssuer(core: core, generation: generation, registered: valid.registered)
        guard let members = try await issuer.issue(self) else { return nil }
        return try AuthorizationResponder(core: core, generation: generation).answer(
            Approval.parameters(members), to: valid.destination)
    }

    // MARK: what is issued

    var request: Issuance.Answer { .authorization(valid.request) }
    var grant: String? { valid.flows.first?.role.grant.key }
    var askedScope: String? { valid.request.parameters["scope"] }
    var hasCurrentUser: Bool { true }

    var decided: Authorization {
        var authorization = Authorization(user: session.user, limits: limits)
        authorization.authenticatedAt = session.authenticatedAt
        authorization.acr = session.acr
        authorization.amr = session.amr
        authorization.sessionID = session.id
        let asked = ConsentItems.keeping(run.allowedItems, in: valid.policy.attachments)
        authorization.attachments = asked.merging(run.state.attachments) { _, new in new }
        return authorization
    }

    var newGrantID: String {
        Tombstone.grantID(core.random(bytes: 16), under: run.consentID, wasAsked: run.wasAsked)
    }

    var parts: [AnswerPart] {
        valid.flows.map { owned in
            let flow = owned.role
            return AnswerPart(of: flow.grant, at: flow.stage, hasAccessToken: flow.issuesAccessToken) { issuance in
                let seen = AuthorizationValidation.seen(valid.request, by: owned)
                try await owned.call("AuthorizationFlow.respond") {
                    let fixed = FixedIssuance(issuance)
                    try await $0.respond(&issuance, to: seen)
                    try fixed.check(issuance, of: "the response type '\(flow.word)'", by: owned.owner)
                }
            }
        }
    }

    var ended: OAuthError {
        OAuthError(.accessDenied, "the requested access has already ended", reason: "its limits leave no time")
    }

    // MARK: what is committed too

    func writes(beside issued: Issuance) async throws -> [StoreWrite] {
        let given = GivenAnswer(
            members: Approval.parameters(issued.members), clientID: valid.registered.client.id,
            redirectURI: valid.destination.redirect.text, sessionID: session.id, cookie: run.begun?.cookie,
            grantID: issued.authorization.grantID, issued: issued.writes.compactMap(\.createdKey), at: core.now)
        var writes = [StoreWrite.create(try given.marker(of: run.state, for: form, in: core))]
        writes += run.sessionWrites ?? []
        if let remembered = run.remembered { writes.append(remembered) }
        return writes
            + (try await SessionClient.remembering(
                valid.registered.client.id, in: session, isNew: run.begun?.isNew ?? false, core))
    }

    /// - Throws: `ApprovedBefore` if the page is used; any other conflict leads to another attempt.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization) throws {
        if write.key == run.state.marker { throw ApprovedBefore() }
    }

    func committed(_ issued: Issuance) async {
        core.recorder.recordBegin(of: run)
        await core.sessionRegistry.endOldest(after: run.begun)
        core.recorder.recordConsent(of: run, limits)
    }

    private static func parameters(_ members: [JSON.Member]) -> [(name: String, value: String)] {
        members.map { (name: $0.name, value: text($0.value)) }
    }

    private static func text(_ value: JSON) -> String {
        value.string ?? value.text
    }
}

extension StoreWrite {
    /// The key of the record, if the write creates one.
    fileprivate var createdKey: StoreKey? {
        if case .create(let record) = self { record.key } else { nil }
    }
}
