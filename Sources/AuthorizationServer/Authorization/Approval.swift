// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Issues what a client gets for an approval, in one commit with the session, the consent and the mark that the page is
/// used.
struct Approval: PendingAnswer {
    let core: ServerCore
    let generation: Generation
    let run: InteractionRun
    let asked: ValidAuthorization
    let session: Session
    let limits: AccessLimits
    /// The digest of the approving form.
    let form: String?

    private var registered: RegisteredClient { run.valid.registered }

    /// Responds; nil if something that was read has changed meanwhile.
    ///
    /// - Throws: `ApprovedBefore`, or an error of a flow.
    func answer() async throws -> ServerResponse? {
        let issuer = TokenIssuer(core: core, generation: generation, registered: registered)
        guard let members = try await issuer.issue(self) else { return nil }
        return try AuthorizationResponder(core: core, generation: generation).answer(
            Approval.parameters(members), to: asked.destination)
    }

    // MARK: what is issued

    var request: Issuance.Answer { .authorization(asked.request) }
    var grant: String? { asked.flows.first?.role.grant.key }
    var askedScope: String? { asked.request.parameters["scope"] }
    var hasCurrentUser: Bool { true }

    var decided: Authorization { run.authorization(for: session, limits) }
    var newGrantID: String { run.newGrantID }

    var parts: [AnswerPart] {
        asked.flows.map { owned in
            let flow = owned.role
            return AnswerPart(of: flow.grant, at: flow.stage, hasAccessToken: flow.issuesAccessToken) { issuance in
                let seen = AuthorizationValidation.seen(asked.request, by: owned)
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

    func committed(beside issued: Issuance) async throws -> BesideAnswer {
        let given = GivenAnswer(
            members: Approval.parameters(issued.members), clientID: registered.client.id,
            redirectURI: run.valid.place, sessionID: session.id, cookie: run.begun?.cookie,
            grantID: issued.authorization.grantID, issued: issued.writes.compactMap(\.createdKey), at: core.now)
        let mark = StoreWrite.create(try await given.marker(of: run.state, for: form, in: core))
        let writes = try await [mark] + (run.sessionWrites ?? []) + run.consentWrites(for: session)
        return BesideAnswer(
            writes: writes, promised: try await core.promise(run.sessionEvents + run.consentEvents(limits)))
    }

    /// - Throws: `ApprovedBefore` if the page is used; any other conflict leads to another attempt.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization?) throws {
        if write.key == run.state.marker { throw ApprovedBefore() }
    }

    func finish(_ promised: PromisedEvents) async {
        core.recorder.record(promised)
        await core.sessionRegistry.endOldest(after: run.begun)
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
