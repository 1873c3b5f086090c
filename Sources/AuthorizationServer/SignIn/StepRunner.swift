// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Runs the steps that find out who a person is, as surely as is asked for, and what the person chooses.
///
/// The authorization endpoint and the pages of the server's own sign people in by it, so what is refused at one is refused
/// at the other.
struct StepRunner {
    let core: ServerCore
    let plan: AuthorizationPlan
    let client: Client
    let policy: InteractionPolicy
    let address: String
    var state: InteractionState
    /// The session that is good for what is asked for.
    var session: Session?
    /// A session that this request begins, or makes surer.
    var begun: NewSession?

    /// Who is known to be at the browser.
    var person: String? { session?.user.id ?? state.proof?.user }

    /// Runs the steps of one phase until one has to ask.
    ///
    /// - Parameters:
    ///   - phase: The phase.
    ///   - submitted: What was sent to the page that is shown; nil once a step has taken it.
    /// - Returns: The page of the step that asks, or nil if none is left.
    /// - Throws: `StepRefusal`; `PageRefusal` for fields that no page sends; what a step throws.
    mutating func run(_ phase: StepPhase, _ submitted: inout Parameters?) async throws -> Page? {
        for step in plan.steps where step.phase == phase && !state.done.contains(step.name) {
            if phase == .identify, person != nil { return nil }
            let own = try state.shown?.step == step.name ? submitted.map { try plan.accepted($0, by: step) } : nil
            if own != nil { submitted = nil }
            switch try await step.advance(interaction(with: step), submitted: own ?? [:]) {
            case .skip: continue
            case .done(let result): try await finish(step, result)
            case .page(let page):
                state.kept[step.name] = page.kept
                show(step.name)
                return page
            case .refuse(let error): throw StepRefusal(error)
            @unknown default: throw OAuthError(.serverError, reason: "a step ended in a way this server does not know")
            }
        }
        return nil
    }

    /// Remembers whose page is shown, and to whom.
    mutating func show(_ step: String) {
        state.shown = InteractionState.ShownPage(step: step, user: person)
    }

    private func interaction(with step: any InteractionStep) -> Interaction {
        let proof = state.proof
        var interaction = Interaction(
            client: client, policy: policy, subject: person.map(Subject.user), kept: state.kept[step.name],
            address: address)
        interaction.authenticatedAt = session?.authenticatedAt ?? proof?.at
        interaction.acr = session.map(\.acr) ?? proof?.acr
        interaction.amr = session?.amr ?? proof?.amr ?? []
        return interaction
    }

    private mutating func finish(_ step: any InteractionStep, _ result: StepResult) async throws {
        state.done.insert(step.name)
        state.kept[step.name] = nil
        state.attachments.merge(result.attachments) { _, new in new }
        if let subject = result.subject, let person, subject != .user(person) {
            throw StepRefusal(OAuthError(.accessDenied, "two steps found different people"))
        }
        if let session {
            raise(session, result)
        } else if var proof = state.proof {
            proof.amr += result.amr
            proof.acr = result.acr ?? proof.acr
            state.progress = .proven(proof)
        } else if case .user(let id)? = result.subject {
            // A password that changes while later steps ask ends the sign-in too.
            let epoch = if let epoch = result.epoch { epoch } else { try await core.users.find(id)?.epoch }
            state.progress = .proven(
                InteractionState.Proof(user: id, epoch: epoch, at: core.now, acr: result.acr, amr: result.amr))
        }
    }

    private mutating func raise(_ session: Session, _ result: StepResult) {
        guard result.acr != nil || !result.amr.isEmpty else { return }
        let raised = core.sessionRegistry.raise(session, acr: result.acr, amr: result.amr)
        (self.session, begun) = (raised.session, raised)
    }

    /// Begins the session once all that proves who the person is has been asked.
    ///
    /// - Parameter lifetime: How long it lasts.
    /// - Throws: `StepRefusal`; `StoreError`.
    mutating func begin(lifetime: Duration) async throws {
        guard let proof = state.proof else { throw StepRefusal(OAuthError(.loginRequired, "nobody is signed in")) }
        guard let user = try await core.users.find(proof.user), user.isActive else {
            throw StepRefusal(OAuthError(.accessDenied, "the account cannot be used"))
        }
        guard proof.epoch == nil || proof.epoch == user.epoch else {
            throw StepRefusal(OAuthError(.loginRequired, "the password was changed since it was typed"))
        }
        if let wanted = policy.subject, wanted != .user(user.id) {
            throw StepRefusal(OAuthError(.loginRequired, "another person signed in than the request is for"))
        }
        let new = core.sessionRegistry.begin(for: user, at: proof.at, acr: proof.acr, amr: proof.amr, lifetime)
        (begun, session) = (new, new.session)
        state.progress = .begun(session: new.session.id)
    }
}

/// A step refuses, or what the steps found out cannot be.
struct StepRefusal: Error {
    let error: OAuthError

    init(_ error: OAuthError) {
        self.error = error
    }
}
