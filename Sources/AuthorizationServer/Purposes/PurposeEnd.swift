// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Ends an interaction for a purpose: commits what the purpose decides, together with the session, the consent and the
/// mark that the page is used.
///
/// It issues nothing. What the user has allowed is checked like any other grant, and again when a grant returns it.
struct PurposeEnd: PendingGrant {
    let core: ServerCore
    let generation: Generation
    private(set) var run: InteractionRun
    let session: Session
    let purpose: ValidPurpose
    /// The digest of the form with the decision.
    let form: String?

    /// The number of times that the purpose decides again if another request changed what it read, or the consent.
    private static let retries = 2
    /// What the purpose decided, and the response with its page.
    private typealias Decided = (answer: PurposeAnswer, response: ServerResponse)

    /// Responds; nil if something that the core has read has changed meanwhile.
    ///
    /// - Throws: `ApprovedBefore`; `PageRefusal` if the purpose refuses; any other error of the purpose or the store.
    mutating func answer(_ decision: InteractionRun.Decision) async throws -> ServerResponse? {
        for _ in 0...PurposeEnd.retries {
            do {
                return try await settle(decision)
            } catch is PurposeChanged {
                continue
            } catch is ConsentChanged {
                guard case .allowed(let limits) = decision, try await run.storeAgain(limits, for: session) else {
                    return nil
                }
            } catch let error as OAuthError {
                throw purpose.refusal(error)
            }
        }
        throw purpose.refusal(
            OAuthError(.temporarilyUnavailable, "other requests kept changing this interaction"))
    }

    private func settle(_ decision: InteractionRun.Decision) async throws -> ServerResponse? {
        switch decision {
        case .allowed(let limits):
            let authorization = try await issuer.checked(run.authorization(for: session, limits), of: self)
                .issued(under: purpose.role.grant.key, grantID: newGrantID)
            let decided = try await purpose.owned.call("InteractionPurpose.approved") {
                try checked(try await $0.approved(authorization, for: purpose.start.context))
            }
            let conditions = issuer.conditions(of: authorization, isNew: true)
            let writes = try await run.consentWrites(for: session) + conditions
            return try await commit(decided, writes, authorization, and: run.consentEvents(limits))
        case .denied:
            let decided = try await purpose.owned.call("InteractionPurpose.denied") {
                try checked(try await $0.denied(for: purpose.start.context))
            }
            guard let response = try await commit(decided, [], nil, and: []) else { return nil }
            core.recorder.recordDenial(of: run.valid.policy.limits, session)
            return response
        }
    }

    /// Checks what the purpose decided, and renders its page: one that cannot be shown must not commit anything.
    private func checked(_ answer: PurposeAnswer) throws -> Decided {
        try purpose.owned.owner.check(answer.writes, of: "the purpose '\(purpose.role.name)'")
        let response = try PageResponder(core: core, generation: generation)
            .end(with: answer.page, in: purpose.languages, zone: session.user.timeZone)
        return (answer, response)
    }

    private var issuer: TokenIssuer {
        TokenIssuer(core: core, generation: generation, registered: run.valid.registered)
    }

    // MARK: what is granted

    var grant: String? { purpose.role.grant.key }
    var hasCurrentUser: Bool { true }
    var newGrantID: String { run.newGrantID }

    // MARK: commit

    private func commit(
        _ decided: Decided, _ writes: [StoreWrite], _ authorization: Authorization?,
        and events: @autoclosure () -> [Event]
    ) async throws -> ServerResponse? {
        let (answer, response) = decided
        let mark = StoreWrite.create(try await marker(answer.page, authorization?.grantID))
        let all = [mark] + (run.sessionWrites ?? []) + writes + answer.writes
        let promised = try await core.promise(run.sessionEvents + events())
        guard try await issuer.commit(all, promised, of: self, authorization) else { return nil }
        core.recorder.record(promised)
        await core.sessionRegistry.endOldest(after: run.begun)
        return response
    }

    private func marker(_ page: Page, _ grantID: String?) async throws -> StoreRecord {
        let given = GivenAnswer(
            page: page, clientID: run.valid.registered.client.id, redirectURI: run.valid.place,
            sessionID: session.id, cookie: run.begun?.cookie, grantID: grantID, at: core.now)
        return try await given.marker(of: run.state, for: form, in: core)
    }

    /// - Throws: `ApprovedBefore` if the page is used; `PurposeChanged` for a record of the plugin; `ConsentChanged`;
    ///   any other conflict leads to the page again.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization?) throws {
        if write.key == run.state.marker { throw ApprovedBefore() }
        if let key = write.key, purpose.owned.owner.contains(key.collection) { throw PurposeChanged() }
        if write.key?.collection == Consent.collection.name { throw ConsentChanged() }
    }
}
