// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Runs the steps that identify a user as strongly as required, and those in which the user makes a choice.
///
/// The authorization endpoint and the server's own pages share it, so that both refuse the same things.
struct StepRunner {
    let core: ServerCore
    let plan: AuthorizationPlan
    let client: Client
    let policy: InteractionPolicy
    let address: String
    var state: InteractionState
    /// The session, if it is good enough for the request.
    var session: Session?
    /// The session that this request begins or steps up.
    var begun: NewSession?

    /// The user at the browser, if known.
    var person: String? { session?.user.id ?? state.proof?.user }

    /// Runs the steps of one phase until one of them needs input.
    ///
    /// - Parameters:
    ///   - phase: The phase.
    ///   - submitted: What was submitted to the page; nil once a step has consumed it.
    /// - Returns: The page of the step that needs input, or nil if none does.
    /// - Throws: `StepRefusal`; `PageRefusal` for fields that no page sends; an error of a step.
    mutating func run(_ phase: StepPhase, _ submitted: inout Parameters?) async throws -> Page? {
        for step in plan.steps where step.role.phase == phase && !state.done.contains(step.role.name) {
            if phase == .identify, person != nil { return nil }
            let name = step.role.name
            let isOwn = submitted != nil && state.shown?.step == name
            let own = try plan.accepted(isOwn ? submitted : nil, by: step)
            if isOwn { submitted = nil }
            let asked = interaction(with: name)
            switch try await step.call("InteractionStep.advance", { try await $0.advance(asked, submitted: own) }) {
            case .skip: continue
            case .done(let result): try await finish(name, result)
            case .page(let page):
                state.kept[name] = page.kept
                show(name)
                return page
            case .refuse(var error):
                error.plugin = error.plugin ?? step.plugin
                throw StepRefusal(error)
            @unknown default: throw OAuthError(.serverError, reason: "a step returned an unknown result")
            }
        }
        return nil
    }

    /// Remembers which step shows its page, and to which user.
    mutating func show(_ step: String) {
        state.shown = InteractionState.ShownPage(step: step, user: person)
    }

    private func interaction(with step: String) -> Interaction {
        let proof = state.proof
        var interaction = Interaction(
            client: client, policy: policy, subject: person.map(Subject.user), kept: state.kept[step],
            address: address)
        interaction.authenticatedAt = session?.authenticatedAt ?? proof?.at
        interaction.acr = session.map(\.acr) ?? proof?.acr
        interaction.amr = session?.amr ?? proof?.amr ?? []
        return interaction
    }

    private mutating func finish(_ step: String, _ result: StepResult) async throws {
        state.done.insert(step)
        state.kept[step] = nil
        state.attachments.merge(result.attachments) { _, new in new }
        if let subject = result.subject, let person, subject != .user(person) {
            throw StepRefusal(OAuthError(.accessDenied, "two steps identified different users"))
        }
        if let session {
            raise(session, result)
        } else if var proof = state.proof {
            proof.amr += result.amr
            proof.acr = result.acr ?? proof.acr
            state.progress = .proven(proof)
        } else if case .user(let id)? = result.subject {
            // If the password changes while later steps run, the sign-in ends too.
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

    /// Begins the session once every proof has been given.
    ///
    /// - Parameter lifetime: The lifetime of the session.
    /// - Throws: `StepRefusal`; `StoreError`.
    mutating func begin(lifetime: Duration) async throws {
        guard let proof = state.proof else { throw StepRefusal(OAuthError(.loginRequired, "no user is signed in")) }
        guard let user = try await core.users.find(proof.user), user.isActive else {
            throw StepRefusal(OAuthError(.accessDenied, "the account cannot be used"))
        }
        guard proof.epoch == nil || proof.epoch == user.epoch else {
            throw StepRefusal(OAuthError(.loginRequired, "the password has changed since it was typed"))
        }
        if let wanted = policy.subject, wanted != .user(user.id) {
            throw StepRefusal(OAuthError(.loginRequired, "the request asks for a different user to sign in"))
        }
        let new = core.sessionRegistry.begin(for: user, at: proof.at, acr: proof.acr, amr: proof.amr, lifetime)
        (begun, session) = (new, new.session)
        state.progress = .begun(session: new.session.id)
    }
}

/// The refusal of a step, or of what several steps have found out together.

struct StepRefusal: Error {
    let error: OAuthError

    init(_ error: OAuthError) {
        self.error = error
    }
}
