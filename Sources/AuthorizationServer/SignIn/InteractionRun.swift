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
    let plan: AuthorizationPlan
    let valid: ValidRequest
    let address: String
    var state: InteractionState
    /// The session of the browser, whatever it is good for.
    let former: Session?
    /// The session that is good for this request.
    var session: Session?
    /// A session that this request begins.
    var begun: NewSession?
    /// What is remembered of this request's consent.
    var remembered: StoreWrite?
    /// The consent that the grant comes under, if one is stored.
    var consentID: String?
    /// Whether the person was asked for what is granted, now or before.
    var wasAsked = true
    /// What is granted of what plugins ask for beside the scope.
    var allowedItems: [String] = []

    private var policy: InteractionPolicy { valid.policy }

    init(
        _ core: ServerCore, _ generation: Generation, _ plan: AuthorizationPlan, _ valid: ValidRequest,
        _ state: InteractionState, session: Session?, address: String
    ) {
        self.core = core
        self.generation = generation
        self.plan = plan
        self.valid = valid
        self.state = state
        self.address = address
        former = session
        self.session = session.flatMap { isGood($0) ? $0 : nil }
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
        session.user.id == state.shownTo && session.authenticatedAt >= state.began
    }

    /// Goes on with what was submitted to the page that the state names.
    ///
    /// Where no page may be shown the person knows nothing of the request, so a client that the person never allowed
    /// anything is told one and the same error, no matter who is signed in, how and since when.
    ///
    /// - Throws: `RedirectRefusal`, `PageRefusal`, or what a step throws.
    mutating func advance(_ submitted: Parameters?) async throws -> Halt {
        guard policy.prompts.contains(.none) else { return try await proceed(submitted) }
        do {
            return try await proceed(submitted)
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

    private static let noPage = "a page would have to be shown"

    private mutating func proceed(_ submitted: Parameters?) async throws -> Halt {
        if submitted != nil, isSigningIn {
            // Whoever submits a proof of who they are means it, also where another tab has signed in meanwhile.
            session = nil
        } else if session == nil, state.established == nil, !state.done.isEmpty {
            state.forget()
        }
        // A page that spoke to one person must not take the answer of another, nor pass on what that one chose.
        let isSame = state.shownTo == (session?.user.id ?? state.established?.user)
        if state.shownTo != nil, !isSame { state.forget() }
        let isAnswer = submitted != nil && isSame
        var submitted = isAnswer ? submitted : nil
        if submitted?["decision"] == "switch" {
            switchAccount()
            submitted = nil
        }
        if let page = try await prove(&submitted) { return try show(page, .loginRequired) }
        if let page = try await run(.choose, &submitted) { return try show(page, .interactionRequired) }
        return try await consent(submitted)
    }

    /// Whether the page that was shown belongs to a sign-in, not to a session that has to be surer.
    private var isSigningIn: Bool {
        guard let phase = plan.steps.first(where: { $0.name == state.step })?.phase else { return false }
        return phase == .identify || phase == .verify && state.established != nil
    }

    /// Finds out who the person is, as surely as the request asks for; a session is made surer before it is given up.
    private mutating func prove(_ submitted: inout Parameters?) async throws -> Page? {
        if let former = session {
            if let page = try await run(.verify, &submitted) { return page }
            if former.id == state.session || session.map(hasReached) ?? false { return nil }
            session = nil
            if !state.done.isEmpty { state.forget() }
        }
        for phase in [StepPhase.identify, .verify] {
            if let page = try await run(phase, &submitted) { return page }
        }
        try await begin()
        return nil
    }

    private mutating func switchAccount() {
        state.isSwitching = true
        (state.session, state.established, state.step, state.shownTo) = (nil, nil, nil, nil)
        state.forget()
        session = nil
    }

    // MARK: steps

    private mutating func run(_ phase: StepPhase, _ submitted: inout Parameters?) async throws -> Page? {
        for step in plan.steps where step.phase == phase && !state.done.contains(step.name) {
            let interaction = interaction(with: step)
            if phase == .identify, interaction.subject != nil { return nil }
            let own = try state.step == step.name ? submitted.map { try plan.accepted($0, by: step) } : nil
            if own != nil { submitted = nil }
            switch try await step.advance(interaction, submitted: own ?? [:]) {
            case .skip: continue
            case .done(let result): try await finish(step, result)
            case .page(let page):
                state.step = step.name
                state.kept[step.name] = page.kept
                return page
            case .refuse(let error): throw refusal(error)
            @unknown default: throw OAuthError(.serverError, reason: "a step ended in a way this server does not know")
            }
        }
        return nil
    }

    private func interaction(with step: any InteractionStep) -> Interaction {
        let (who, client) = (state.established, valid.registered.client)
        var interaction = Interaction(
            client: client, policy: policy, subject: session?.subject ?? who.map { .user($0.user) },
            kept: state.kept[step.name], address: address)
        interaction.authenticatedAt = session?.authenticatedAt ?? who?.at
        interaction.acr = session.map(\.acr) ?? who?.acr
        interaction.amr = session?.amr ?? who?.amr ?? []
        return interaction
    }

    private mutating func finish(_ step: any InteractionStep, _ result: StepResult) async throws {
        state.done.insert(step.name)
        state.kept[step.name] = nil
        state.attachments.merge(result.attachments) { _, new in new }
        let known = session?.subject ?? state.established.map { .user($0.user) }
        if let subject = result.subject, let known, subject != known {
            throw refusal(OAuthError(.accessDenied, "two steps found different people"))
        }
        if known == nil, case .user(let id)? = result.subject {
            // A password that changes while later steps ask ends the sign-in too.
            let epoch = if let epoch = result.epoch { epoch } else { try await core.users.find(id)?.epoch }
            state.established = .init(user: id, epoch: epoch, at: core.now, acr: result.acr, amr: result.amr)
        } else if let session {
            raise(session, result)
        } else {
            state.established?.amr += result.amr
            if let acr = result.acr { state.established?.acr = acr }
        }
    }

    private mutating func raise(_ session: Session, _ result: StepResult) {
        guard result.acr != nil || !result.amr.isEmpty else { return }
        let raised = core.raised(session, acr: result.acr, amr: result.amr)
        (self.session, begun) = (raised.session, raised)
    }

    /// Begins the session once all that proves who the person is has been asked.
    private mutating func begin() async throws {
        guard let who = state.established else { throw refusal(OAuthError(.loginRequired, "nobody is signed in")) }
        guard let user = try await core.users.find(who.user), user.isActive else {
            throw refusal(OAuthError(.accessDenied, "the account cannot be used"))
        }
        guard who.epoch == nil || who.epoch == user.epoch else {
            throw refusal(OAuthError(.loginRequired, "the password was changed since it was typed"))
        }
        if let wanted = policy.subject, wanted != .user(user.id) {
            throw refusal(OAuthError(.loginRequired, "another person signed in than the request is for"))
        }
        let begun = core.newSession(
            user, at: who.at, acr: who.acr, amr: who.amr, generation.settings.sessionLifetime)
        self.begun = begun
        session = begun.session
        (state.session, state.established) = (begun.session.id, nil)
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
        if state.step == InteractionRun.step, let submitted, let decision = submitted["decision"] {
            guard decision == "allow" else {
                core.recordDenial(of: policy.limits, session)
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
        state.step = InteractionRun.step
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
            if let session { core.recordDenial(of: policy.limits, session) }
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
        let document = user.document
        let name = document["name"]
        let shown =
            name?.string ?? name?["formatted"]?.string ?? document["data"]?["name"]?.string
            ?? document["userName"]?.string ?? document["email"]?.string ?? user.id
        var member: JSON = ["name": .string(shown)]
        if let email = document["email"]?.string, email != shown { member["email"] = .string(email) }
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
