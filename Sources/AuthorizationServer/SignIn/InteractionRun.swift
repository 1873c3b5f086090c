// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes one request through the steps of an interaction until a page must be shown or nothing is left to ask.
struct InteractionRun {
    /// The result of a run.
    enum Halt {
        /// A page must be shown.
        case page(Page)
        /// Everything has been asked.
        case decided(Decision)
    }

    /// What the user decided, or need not be asked again.
    enum Decision {
        /// This is granted.
        case allowed(AccessLimits)
        case denied(OAuthError)
    }

    let core: ServerCore
    let generation: Generation
    let valid: ValidRequest
    var steps: StepRunner
    /// The session of the browser, whether or not it is good enough for the request.
    let former: Session?
    /// Whether a form was submitted.
    private var isForm = false
    /// Whether the user has given consent in this request.
    private(set) var isAnswered = false
    /// The stored consent as it was when the user gave consent in this request.
    private var answered: Consent?
    /// The write that stores the consent given in this request.
    private(set) var consentWrite: StoreWrite?
    /// The id of the stored consent that the grant belongs to, if any.
    var consentID: String?
    /// Whether the user was asked for what is granted, now or before.
    var wasAsked = true
    /// The granted consent items of plugins.
    var allowedItems: [String] = []

    private var policy: InteractionPolicy { valid.policy }
    var state: InteractionState { steps.state }
    /// The session, if it is good enough for this request.
    var session: Session? { steps.session }
    /// The session that this request begins or steps up.
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

    /// Whether a session satisfies the request.
    private func isGood(_ session: Session) -> Bool {
        if let own = state.session { return own == session.id || isRenewed(session) }
        if state.isSwitching || !policy.prompts.isDisjoint(with: [.login, .selectAccount]) { return false }
        if let age = policy.maxAge, age == .zero || core.now - session.authenticatedAt > age { return false }
        return policy.subject.map { $0 == session.subject } ?? true
    }

    private func hasReached(_ session: Session) -> Bool {
        policy.essentialACR.isEmpty || session.acr.map(policy.essentialACR.contains) ?? false
    }

    /// Whether the session is a later sign-in of the user to whom the page was shown, for example in another tab.
    private func isRenewed(_ session: Session) -> Bool {
        session.user.id == state.shown?.user && session.authenticatedAt >= state.began
    }

    /// Continues with what was submitted to the page in the state.
    ///
    /// If no page may be shown, the user learns nothing of the request. Therefore a client that the user never allowed
    /// anything always gets the same error, no matter who is signed in, how and since when.
    ///
    /// - Throws: `RedirectRefusal`, `PageRefusal` or an error of a step.
    mutating func advance(_ submitted: Parameters?) async throws -> Halt {
        isForm = submitted != nil
        guard policy.prompts.contains(.none) else { return try await proceedOrRefuse(submitted) }
        do {
            return try await proceedOrRefuse(submitted)
        } catch let refused as RedirectRefusal {
            guard try await isKnownToClient() else { throw refusal(OAuthError(.loginRequired, InteractionRun.noPage)) }
            throw refused
        }
    }

    /// Whether the client may learn about the user at the browser: the user has allowed it something, or need not be
    /// asked.
    private func isKnownToClient() async throws -> Bool {
        guard let person = former, valid.identifiesClient else { return false }
        if valid.registered.isFirstParty { return true }
        return try await Consent(person.user, valid.registered, in: core).isRemembered
    }

    /// Turns the refusal of a step into one that the client gets.
    private mutating func proceedOrRefuse(_ submitted: Parameters?) async throws -> Halt {
        do {
            return try await proceed(submitted)
        } catch let refused as StepRefusal {
            throw refusal(refused.error)
        }
    }

    private static let noPage = "the request cannot be completed without showing a page"

    private mutating func proceed(_ submitted: Parameters?) async throws -> Halt {
        if submitted != nil, isSigningIn {
            // A user who submits credentials means to sign in, even if another tab has signed in meanwhile.
            steps.session = nil
        } else if steps.person == nil, !state.done.isEmpty {
            steps.state.forget()
        }
        // A page shown to one user must not take the input of another, nor pass on what the first one chose.
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

    /// Whether the page belongs to a sign-in, rather than to stepping up a session.
    private var isSigningIn: Bool {
        guard let step = steps.plan.steps.first(where: { $0.role.name == state.shown?.step }) else { return false }
        let phase = step.role.phase
        return phase == .identify || phase == .verify && state.proof != nil
    }

    /// Identifies the user as strongly as the request requires, stepping up a session if possible before replacing it.
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

    /// The writes that begin the new session and delete the one that it replaces.
    var sessionWrites: [StoreWrite]? {
        guard let begun else { return nil }
        let replaced = former.flatMap { $0.id == begun.session.id ? nil : StoreWrite.delete(Session.key($0.id)) }
        return begun.writes + (replaced.map { [$0] } ?? [])
    }

    private func show(_ page: Page, _ code: OAuthError.Code) throws -> Halt {
        if policy.prompts.contains(.none) { throw refusal(OAuthError(code, InteractionRun.noPage)) }
        return .page(page)
    }

    private func refusal(_ error: OAuthError) -> any Error { valid.refusal(error) }

    // MARK: consent

    /// The name of the core's own page in the state.
    static let step = "consent"
    /// The fields of the core's own forms, which the pages of steps must not use.
    static let fields = ["state", "csrf", "decision", "scope"]

    private mutating func consent(_ submitted: Parameters?) async throws -> Halt {
        guard let session else { throw refusal(OAuthError(.loginRequired, "no user is signed in")) }
        guard hasReached(session) else {
            throw refusal(OAuthError(.unmetAuthentication, "no sign-in reaches the requested authentication class"))
        }
        let consent = try await Consent(session.user, valid.registered, in: core)
        if state.shown?.step == InteractionRun.step, let submitted, let decision = submitted["decision"] {
            guard decision == "allow" else {
                return .decided(.denied(OAuthError(.accessDenied, "the user denied access")))
            }
            return .decided(allow(submitted, consent))
        }
        if let limits = grantedBefore(consent) { return .decided(.allowed(limits)) }
        steps.show(InteractionRun.step)
        return try show(page(session.user, consent), .consentRequired)
    }

    /// Whether the user need not be asked if the client is first-party or consent is stored.
    ///
    /// If the browser stays at this server, only a form decides, because a link could do the same as any other request.
    private var mayBeUnasked: Bool {
        !policy.prompts.contains(.consent) && !policy.consent.isAskedEachTime && valid.identifiesClient
            && (isForm || valid.redirect != nil)
    }

    /// What is granted without asking; nil if the user has to be asked.
    private mutating func grantedBefore(_ consent: Consent) -> AccessLimits? {
        var limits = policy.limits
        consentID = consent.storedID
        guard mayBeUnasked else { return nil }
        if valid.registered.isFirstParty {
            allowedItems = items
            wasAsked = consent.covers(limits, items) && (limits.scope.words + items).allSatisfy(consent.allows)
            return limits
        }
        guard consent.covers(limits, items) else { return nil }
        limits.keep(scope: consent.allows)
        allowedItems = items.filter(consent.allows)
        // If none of the requested scopes is allowed, nothing can be granted, so the user is asked again.
        return !limits.scope.words.isEmpty || policy.limits.scope.words.isEmpty ? limits : nil
    }

    /// The items that plugins ask for in addition to scopes.
    var items: [String] { ConsentItems.asked(policy.attachments) }

    private mutating func allow(_ submitted: Parameters, _ consent: Consent) -> Decision {
        let ticked = Set(submitted.values("scope"))
        let required = generation.capabilities.requiredScopes
        var limits = policy.limits
        limits.keep { required.contains($0) || ticked.contains($0) }
        guard !limits.scope.words.isEmpty || policy.limits.scope.words.isEmpty else {
            return .denied(OAuthError(.accessDenied, "the user allowed none of the requested scopes"))
        }
        isAnswered = true
        allowedItems = items.filter(ticked.contains)
        store(limits, in: consent)
        return .allowed(limits)
    }

    /// Notes how the answer is stored: remembered, or only so that the user sees it and can end it.
    private mutating func store(_ limits: AccessLimits, in consent: Consent) {
        answered = consent
        consentID = consent.id
        let granted = limits.scope.words + allowedItems
        consentWrite =
            policy.consent.isAskedEachTime
            ? consent.noting(granted: granted, now: core.now)
            : consent.remembering(policy.limits, items, granted: granted, now: core.now)
    }

    /// Stores the answer with the consent as another request has left it, so that both are under one id.
    ///
    /// - Returns: False if that consent was removed meanwhile; the user must be asked again then.
    /// - Throws: `StoreError`.
    mutating func storeAgain(_ limits: AccessLimits, for session: Session) async throws -> Bool {
        let consent = try await Consent(session.user, valid.registered, in: core)
        guard let answered, answered.isContinued(by: consent) else { return false }
        store(limits, in: consent)
        return true
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
        if let redirect = valid.redirect {
            values["redirect_host"] = redirect.isOnThisMachine ? nil : redirect.host.map(JSON.string)
        } else {
            values["stays_here"] = true
        }
        let warnings = policy.consent.warnings.map(InteractionRun.describe)
        values["warnings"] = warnings.isEmpty ? nil : .array(warnings)
        return Page(InteractionRun.step, values)
    }

    /// A warning as the renderer finds its string in the language of the page.
    private static func describe(_ warning: ConsentWarning) -> JSON {
        let values = warning.values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
        return ["warning": .string(warning.text), "values": .object(values)]
    }

    private static func describe(_ user: User) -> JSON {
        var member: JSON = ["name": .string(user.displayName)]
        if let email = user.document["email"]?.string, email != user.displayName { member["email"] = .string(email) }
        return member
    }
}

extension OAuthError.Code {
    // OpenID Connect Core section 3.1.2.6; any request whose policy forbids pages can need them.
    static let loginRequired = OAuthError.Code(rawValue: "login_required")
    static let consentRequired = OAuthError.Code(rawValue: "consent_required")
    static let unmetAuthentication = OAuthError.Code(rawValue: "unmet_authentication_requirements")
    static let interactionRequired = OAuthError.Code(rawValue: "interaction_required")
}
