// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The authorization endpoint (RFC 6749 section 3.1), and the pages of the interactions that it and plugins start.
struct AuthorizationEndpoint {
    let core: ServerCore
    let generation: Generation
    let plan: AuthorizationPlan
    let head: RequestHead

    /// The number of times that an approval is attempted again if another request changed what it read.
    private static let retries = 2

    /// Carries a request that was posted.
    private var posted: PostedForm { PostedForm(keys: core.keys, purpose: "posted-request") }

    private var seal: InteractionSeal { InteractionSeal(core: core) }
    var pages: PageResponder { PageResponder(core: core, generation: generation) }

    private func validation(endsForm: Bool = false) -> AuthorizationValidation {
        AuthorizationValidation(
            core: core, generation: generation, plan: plan, head: head, accepted: Languages.accepted(by: head),
            endsForm: endsForm)
    }

    // MARK: requests of clients

    func request(_ request: ServerRequest, _ trace: inout RequestTrace) async throws -> ServerResponse {
        if head.method == "POST" { return try await postedRequest(request) }
        let parameters = try await sent()
        trace.parameters = parameters
        let valid = try await validation().validate(parameters)
        trace.client = valid.registered
        let browser = Cookie(Cookie.browser, issuer: core.issuer)
        let known = browser.value(in: head).flatMap { $0.utf8.count == 43 ? $0 : nil }
        let cookie = known ?? core.random(bytes: 32)
        let state = InteractionState(
            id: core.random(bytes: 16), began: core.now, browser: core.cryptography.digest(cookie),
            parameters: parameters)
        let (session, _) = try await core.sessionRegistry.current(head)
        var response = try await advance(valid, state, session, submitted: nil)
        if known == nil { response.headers.append(browser.set(cookie)) }
        return response
    }

    private func sent() async throws -> Parameters {
        let query = try FormBody.parse(Array((head.query ?? "").utf8))
        guard let form = try await posted.form(in: query) else {
            throw PageRefusal(.expired, OAuthError(.invalidRequest, reason: "there is no valid posted request"))
        }
        return form
    }

    private func postedRequest(_ request: ServerRequest) async throws -> ServerResponse {
        guard let address = try await address(of: try RequestBody.form(of: request)) else {
            throw OAuthError(.invalidRequest, "the authorization request is too long")
        }
        return .redirect(address)
    }

    /// The URL at which a request starts; nil if it is too long for a URL.
    private func address(of parameters: Parameters) async throws -> String? {
        try await posted.query(for: parameters).map { "\(generation.path(AuthorizationEndpoint.path))?\($0)" }
    }

    /// The URL at which a page's request starts over, without anything that steps have found out.
    private func restart(of state: InteractionState) async -> String? {
        if let purpose = state.purpose { return purpose.page }
        guard state.parameters["client_id"] != nil else { return nil }
        return try? await address(of: state.parameters)
    }

    static let path = "/authorize"
    static let interactionPath = "/interaction"

    // MARK: requests of pages

    func interaction(_ request: ServerRequest, _ trace: inout RequestTrace) async throws -> ServerResponse {
        let isForm = head.method == "POST"
        let fields = isForm ? try RequestBody.form(of: request) : try FormBody.parse(Array((head.query ?? "").utf8))
        let state = try await seal.open(fields["state"] ?? "", head) { await restart(of: $0) }
        trace.parameters = state.parameters
        trace.again = state.purpose?.page
        if isForm, try await !seal.isFormToken(fields["csrf"] ?? "", of: state) {
            let error = OAuthError(.invalidRequest, reason: "the form does not come from a page of this server")
            throw PageRefusal(.csrf, error, again: await restart(of: state))
        }
        let (session, markers) = try await core.sessionRegistry.current(head, and: [state.marker])
        let marker = markers.first ?? nil
        guard marker == nil || isForm else { throw await alreadyUsed(state) }
        let page = OpenPage(state: state, session: session, marker: marker, submitted: isForm ? fields : nil)
        if let start = state.purpose { return try await answer(page, of: start, &trace) }
        return try await answer(page, &trace)
    }

    /// Continues an interaction that began with an authorization request.
    private func answer(_ page: OpenPage, _ trace: inout RequestTrace) async throws -> ServerResponse {
        let (state, session, submitted) = (page.state, page.session, page.submitted)
        // The consent page does not limit its forms, so the client's redirects may follow at once.
        let endsForm = head.readsPages && !(submitted != nil && state.shown?.step == InteractionRun.step)
        let valid = try await validation(endsForm: endsForm).validate(state.parameters)
        trace.client = valid.registered
        if page.marker != nil {
            if let given = try await given(page, valid) { return given }
            return try await advance(valid, try await renewed(state), session, submitted: submitted)
        }
        do {
            return try await advance(valid, state, session, submitted: submitted)
        } catch is ApprovedBefore {
            if let given = try await given(try await readAgain(page), valid) { return given }
            let next = try await renewed(state)
            return try await sendingErrors(to: valid) { try await reload(next) }
        }
    }

    /// The page as it is now, if another request has meanwhile used it, begun another session or changed the cookie.
    func readAgain(_ page: OpenPage) async throws -> OpenPage {
        let (session, markers) = try await core.sessionRegistry.current(head, and: [page.state.marker])
        return OpenPage(
            state: page.state, session: session, marker: markers.first ?? nil, submitted: page.submitted)
    }

    /// Repeats the response of the interaction if the same button was pressed twice.
    ///
    /// Returns nil for a form that comes later or has changed.
    private func given(_ page: OpenPage, _ valid: ValidRequest) async throws -> ServerResponse? {
        guard case .client(let asked) = valid.target, let given = try await page.given(in: core), given.answers(valid),
            try await given.isGood(page.session, in: core)
        else { return nil }
        var response = try AuthorizationResponder(core: core, generation: generation).answer(
            given.members, to: asked.destination)
        given.begin(page.session, &response, in: core)
        return response
    }

    /// Starts a new interaction for a password on an old page; an approval counts once and must be given again.
    private func renewed(_ state: InteractionState) async throws -> InteractionState {
        guard state.shown?.step != InteractionRun.step else { throw await alreadyUsed(state) }
        return state.renewed(id: core.random(bytes: 16))
    }

    func alreadyUsed(_ state: InteractionState) async -> PageRefusal {
        PageRefusal(
            .expired, OAuthError(.invalidRequest, reason: "the interaction has already ended"),
            again: await restart(of: state))
    }

    /// Continues the interaction; from here on, errors go where the result goes.
    func advance(
        _ valid: ValidRequest, _ state: InteractionState, _ session: Session?, submitted: Parameters?
    ) async throws -> ServerResponse {
        for _ in 0...AuthorizationEndpoint.retries {
            var run = InteractionRun(
                core, generation, plan, valid, state, session: session, address: head.address)
            let halt = try await run.advance(submitted)
            run.steps.begun?.note(head)
            switch halt {
            case .page(let page): return try await show(page, run, after: state, isAnswer: submitted != nil)
            case .decided(let decision):
                if var response = try await end(run, decision, submitted) {
                    setCookie(of: run.begun, in: &response)
                    return response
                }
            }
            // What was submitted is not given to the steps again, because a password would count twice.
            if submitted != nil { return try await sendingErrors(to: valid) { try await reload(state) } }
        }
        throw valid.refusal(OAuthError(.temporarilyUnavailable, "other requests kept changing this interaction"))
    }

    /// Ends the interaction with the user's decision; nil if something that it depends on has changed meanwhile.
    private func end(
        _ run: InteractionRun, _ decision: InteractionRun.Decision, _ submitted: Parameters?
    ) async throws -> ServerResponse? {
        let valid = run.valid
        guard let session = run.session else {
            throw valid.refusal(OAuthError(.serverError, reason: "no signed-in user can decide"))
        }
        let form = submitted.map { GivenAnswer.digest(ofForm: $0, core.cryptography) }
        switch (valid.target, decision) {
        case (.purpose(let purpose), _):
            var ending = PurposeEnd(
                core: core, generation: generation, run: run, session: session, purpose: purpose, form: form)
            return try await ending.answer(decision)
        case (.client, .denied(let error)):
            core.recorder.recordDenial(of: valid.policy.limits, session)
            throw valid.refusal(error)
        case (.client(let asked), .allowed) where HeadRequest.isCurrent: return withoutCode(asked.destination)
        case (.client(let asked), .allowed(let limits)):
            let approval = Approval(
                core: core, generation: generation, run: run, asked: asked, session: session, limits: limits,
                form: form)
            return try await sendingErrors(to: valid) { try await approval.answer() }
        }
    }

    /// The response to HEAD where GET would issue a code or a token.
    private func withoutCode(_ destination: AuthorizationDestination) -> ServerResponse {
        let isPage = destination.mode == .formPost || destination.endsForm
        return ServerResponse(status: isPage ? 200 : 303, headers: [("cache-control", "no-store")])
    }

    private func reload(_ state: InteractionState) async throws -> ServerResponse {
        let sealed = try await seal.seal(state)
        return .redirect("\(generation.path(AuthorizationEndpoint.interactionPath))?state=\(sealed)")
    }

    private func sendingErrors<Value>(
        to valid: ValidRequest, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as OAuthError {
            throw valid.refusal(error)
        }
    }

    private func setCookie(of begun: NewSession?, in response: inout ServerResponse) {
        guard let begun else { return }
        response.headers.append(Cookie(Cookie.session, issuer: core.issuer).set(begun.cookie))
    }

    // MARK: pages

    private func show(
        _ page: Page, _ run: InteractionRun, after before: InteractionState, isAnswer: Bool
    ) async throws -> ServerResponse {
        let state = run.state
        let sealed = try await sendingErrors(to: run.valid) { try await seal.seal(state) }
        // Before anything is committed, since the keys may be out of reach.
        let token = isAnswer ? "" : try await seal.formToken(state)
        if let writes = run.sessionWrites {
            // Another click won; the next request sees the session that it changed.
            let promised = try await core.promise(run.sessionEvents)
            guard case .committed = try await promised.commit(writes, in: core.store) else {
                return try await reload(before)
            }
            core.recorder.record(promised)
            await core.sessionRegistry.endOldest(after: run.begun)
        }
        guard !isAnswer else {
            var response = ServerResponse.redirect(
                "\(generation.path(AuthorizationEndpoint.interactionPath))?state=\(sealed)")
            setCookie(of: run.begun, in: &response)
            return response
        }
        var response = try plan.render(step: state.shown?.step) { try render(page, run, sealed, token) }
        setCookie(of: run.begun, in: &response)
        return response
    }

    private func render(
        _ page: Page, _ run: InteractionRun, _ sealed: String, _ token: String
    ) throws -> ServerResponse {
        let client = run.valid.registered.client
        let values = try pages.values(
            of: page,
            with: [
                "action": .string(generation.path(AuthorizationEndpoint.interactionPath)),
                "csrf": .string(token), "state": .string(sealed),
                "client": ClientDescription.values(client),
            ])
        // Users type secrets on the pages of steps, but nothing on the consent page, which may lead to the client.
        let leaves = run.valid.redirect != nil && run.state.shown?.step == InteractionRun.step
        var policy = PagePolicy(formAction: leaves ? nil : [])
        policy.pictures = ClientDescription.pictures(client)
        return try pages.render(page.name, values, policy, in: run.valid.languages)
    }
}
