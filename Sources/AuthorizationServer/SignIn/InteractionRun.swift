// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// One request's way through the steps of an interaction: it goes on until something has to be asked, or nothing is left
/// to ask.
struct InteractionRun {
    /// Where it comes to a halt.
    enum Halt {
        /// A page has to be shown.
        case page(Page)
        /// Everything was asked; this is what is granted.
        case approved(AccessLimits)
    }

    let core: ServerCore
    let generation: Generation
    let valid: ValidRequest
    var steps: StepRunner
    /// The session of the browser, whatever it is good for.
    let former: Session?
    /// What is remembered of this request's consent.
    var remembered: StoreWrite?
    /// The consent that the grant comes under, if one is stored.
    var consentID: String?
    /// Whether the person was asked for what is granted, now or before.
    var wasAsked = true
    /// What is granted of what plugins ask for beside the scope.
    var allowedItems: [String] = []

    private var policy: InteractionPolicy { valid.policy }
    var state: InteractionState { steps.state }
    /// The session that is good for this request.
    var session: Session? { steps.session }
    /// A session that this request begins, or makes surer.
    var begun: NewSession? { steps.begun }

    init(
        _ core: ServerCore, _ generation: Generation, _ plan: AuthorizationPlan, _ valid: ValidRequest,
        _ state: InteractionState, session: Session?, address: String
    ) {
        self.core = core
        self.generation = generation
        self.valid = valid
        former = session
        steps = StepRunner(
            core: core, plan: plan, client: valid.registered.client, policy: valid.policy, address: address,
            state: state)
        steps.session = session.flatMap { isGood($0) ? $0 : nil }
    }

    /// Whether a session proves what the request asks for.
    private func isGood(_ session: Session) -> Bool {
        if let own = state.session { return own == session.id || isRenewed(session) }
        if state.isSwitching || !policy.prompts.isDisjoint(with: [.login, .selectAccount]) { return false }
        if let age = policy.maxAge, age == .zero || core.now - session.authenticatedAt > age { return false }
        return policy.subject.map { $0 == session.subject } ?? true
    }

    private func hasReached(_ session: Session) -> Bool {
        policy.essentialACR.isEmpty || session.acr.map(policy.essentialACR.contains) ?? false
    }

    /// Whether it is a later sign-in of the person that the page spoke to, who was asked for one in another tab too.
    private func isRenewed(_ session: Session) -> Bool {
        session.user.id == state.shown?.user && session.authenticatedAt >= state.began
    }

    /// Goes on with what was submitted to the page that the state names.
    ///
    /// Where no page may be shown the person knows nothing of the request, so a client that the person never allowed
    /// anything is told one and the same error, no matter who is signed in, how and since when.
    ///
    /// - Throws: `RedirectRefusal`, `PageRefusal`, or what a step throws.
    mutating func advance(_ submitted: Parameters?) async throws -> Halt {
        guard policy.prompts.contains(.none) else { return try await proceedOrRefuse(submitted) }
        do {
            return try await proceedOrRefuse(submitted)
        } catch let refused as RedirectRefusal {
            guard try await isKnownToClient() else { throw refusal(OAuthError(.loginRequired, InteractionRun.noPage)) }
            throw refused
        }
    }

    /// Whether the person at the browser may be known to the client: who allowed it something, or need not be asked.
    private func isKnownToClient() async throws -> Bool {
        guard let person = former, valid.destination.redirect.identifies(isPublic: valid.registered.client.isPublic)
        else { return false }
        if valid.registered.isFirstParty { return true }
        return try await Consent(person.user, valid.registered, in: core).storedID != nil
    }

    /// What a step refuses is the client's to know.
    private mutating func proceedOrRefuse(_ submitted: Parameters?) async throws -> Halt {
        do {
            return try await proceed(submitted)
        } catch let refused as StepRefusal {
            throw refusal(refused.error)
        }
    }

    private static let noPage = "a page would have to be shown"

    private mutating func proceed(_ submitted: Parameters?) async throws -> Halt {
        if submitted != nil, isSigningIn {
            // A person who submits a proof of who they are means it, also where another tab has signed in meanwhile.
            steps.session = nil
        } else if steps.person == nil, !state.done.isEmpty {
            steps.state.forget()
        }
        // A page that spoke to one person must not take the answer of another, nor pass on what that one chose.
        let isSame = state.shown?.user == steps.person
        if state.shown?.user != nil, !isSame { steps.state.forget() }
        let isAnswer = submitted != nil && isSame
        var submitted = isAnswer ? submitted : nil
        if submitted?["decision"] == "switch" {
            switchAccount()
            submitted = nil
        }
        if let page = try await prove(&submitted) { return try show(page, .loginRequired) }
        if let page = try await steps.run(.choose, &submitted) { return try show(page, .interactionRequired) }
        return try await consent(submitted)
    }

    /// Whether the page that was shown belongs to a sign-in, not to a session that has to be surer.
    private var isSigningIn: Bool {
        guard let phase = steps.plan.steps.first(where: { $0.name == state.shown?.step })?.phase else { return false }
        return phase == .identify || phase == .verify && state.proof != nil
    }

    /// Finds out who the person is, as surely as the request asks for; a session is made surer before it is given up.
    private mutating func prove(_ submitted: inout Parameters?) async throws -> Page? {
        if let former = session {
            if let page = try await steps.run(.verify, &submitted) { return page }
            if former.id == state.session || session.map(hasReached) ?? false { return nil }
            steps.session = nil
            if !state.done.isEmpty { steps.state.forget() }
        }
        for phase in [StepPhase.identify, .verify] {
            if let page = try await steps.run(phase, &submitted) { return page }
        }
        try await steps.begin(lifetime: generation.settings.sessionLifetime)
        return nil
    }

    private mutating func switchAccount() {
        steps.state.isSwitching = true
        (steps.state.progress, steps.state.shown, steps.session) = (.unknown, nil, nil)
        steps.state.forget()
    }

    /// What begins the new session, and ends the one that it takes the place of.
    var sessionWrites: [StoreWrite]? {
        guard let begun else { return nil }
        let replaced = former.flatMap { $0.id == begun.session.id ? nil : StoreWrite.delete(Session.key($0.id)) }
        return begun.writes + (replaced.map { [$0] } ?? [])
    }

    private func show(_ page: Page, _ code: OAuthError.Code) throws -> Halt {
        if policy.prompts.contains(.none) { throw refusal(OAuthError(code, InteractionRun.noPage)) }
        return .page(page)
    }

    private func refusal(_ error: OAuthError) -> RedirectRefusal {
        RedirectRefusal(error: error, destination: valid.destination)
    }

    // MARK: consent

    /// The name under which the state knows the core's own page.
    static let step = "consent"
    /// What the core's own forms send, which no step's page may.
    static let fields = ["state", "csrf", "decision", "scope"]

    private mutating func consent(_ submitted: Parameters?) async throws -> Halt {
        guard let session else { throw refusal(OAuthError(.loginRequired, "nobody is signed in")) }
        let client = valid.registered.client
        guard hasReached(session) else {
            throw refusal(OAuthError(.unmetAuthentication, "no sign-in of the class that was asked for is offered"))
        }
        let consent = try await Consent(session.user, valid.registered, in: core)
        if state.shown?.step == InteractionRun.step, let submitted, let decision = submitted["decision"] {
            guard decision == "allow" else {
                core.recorder.recordDenial(of: policy.limits, session)
                throw refusal(OAuthError(.accessDenied, "the person denied access"))
            }
            return try allow(submitted, consent)
        }
        var limits = policy.limits
        consentID = consent.storedID
        if !policy.prompts.contains(.consent), valid.destination.redirect.identifies(isPublic: client.isPublic) {
            if valid.registered.isFirstParty {
                allowedItems = items
                wasAsked = consent.covers(limits, items) && (limits.scope.words + items).allSatisfy(consent.allows)
                return .approved(limits)
            }
            if consent.covers(limits, items) {
                limits.keep(scope: consent.allows)
                allowedItems = items.filter(consent.allows)
                // Of nothing that was asked for there is nothing to grant, so it is asked once more.
                if !limits.scope.words.isEmpty || policy.limits.scope.words.isEmpty { return .approved(limits) }
            }
        }
        steps.show(InteractionRun.step)
        return try show(page(session.user, consent), .consentRequired)
    }

    /// What plugins ask for beside the scope.
    var items: [String] { ConsentItems.asked(policy.attachments) }

    private mutating func allow(_ submitted: Parameters, _ consent: Consent) throws -> Halt {
        let ticked = Set(submitted.values("scope"))
        let required = generation.capabilities.requiredScopes
        var limits = policy.limits
        limits.keep { required.contains($0) || ticked.contains($0) }
        guard !limits.scope.words.isEmpty || policy.limits.scope.words.isEmpty else {
            if let session { core.recorder.recordDenial(of: policy.limits, session) }
            throw refusal(OAuthError(.accessDenied, "the person allowed nothing of what was asked for"))
        }
        consentID = consent.id
        allowedItems = items.filter(ticked.contains)
        remembered = consent.remembering(
            policy.limits, items, granted: limits.scope.words + allowedItems, now: core.now)
        return .approved(limits)
    }

    private func page(_ user: User, _ consent: Consent) -> Page {
        let required = generation.capabilities.requiredScopes
        let scopes = (policy.limits.scope.words + items).map { word -> JSON in
            [
                "word": .string(word), "required": .bool(required.contains(word)),
                "granted": .bool(consent.allows(word)),
            ]
        }
        var values: JSON = ["user": InteractionRun.describe(user), "scopes": .array(scopes)]
        let others = consent.others(policy.limits)
        values["audience"] = others.isEmpty ? nil : .strings(others)
        values["optional_scopes"] = .bool(
            !items.isEmpty || policy.limits.scope.words.contains { !required.contains($0) })
        let redirect = valid.destination.redirect
        values["redirect_host"] = redirect.isOnThisMachine ? nil : redirect.host.map(JSON.string)
        return Page(InteractionRun.step, values)
    }

    private static func describe(_ user: User) -> JSON {
        var member: JSON = ["name": .string(user.displayName)]
        if let email = user.document["email"]?.string, email != user.displayName { member["email"] = .string(email) }
        return member
    }
}

extension OAuthError.Code {
    // OpenID Connect Core section 3.1.2.6; any request with a policy that forbids pages can need them.
    static let loginRequired = OAuthError.Code(rawValue: "login_required")
    static let consentRequired = OAuthError.Code(rawValue: "consent_required")
    static let unmetAuthentication = OAuthError.Code(rawValue: "unmet_authentication_requirements")
    static let interactionRequired = OAuthError.Code(rawValue: "interaction_required")
}
