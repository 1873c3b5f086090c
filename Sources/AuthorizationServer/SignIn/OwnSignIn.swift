// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Signs a user in for a page of this server, by the usual steps but without a client.
struct OwnSignIn {
    let core: ServerCore
    let generation: Generation
    let plan: AuthorizationPlan
    let head: RequestHead
    /// The name of the page's endpoint, which keeps a state from being used elsewhere.
    let name: String

    private var seal: InteractionSeal { InteractionSeal(core: core) }
    private var pages: PageResponder { PageResponder(core: core, generation: generation) }

    /// A client without any rights, because steps expect one.
    private static let nobody = Client(id: "", isPublic: true, grants: [], scope: [])
    private static let page = "page"
    private static let query = "query"

    func respond(to sent: Parameters, browser: String?) async throws -> ServerResponse {
        guard let sealed = try await sealed(in: sent) else {
            // The form is from a page shown before the session ended: sign in, then show that page again.
            guard head.method != "POST" else { return .redirect(target(head.query)) }
            let cookie = browser ?? core.random(bytes: 32)
            let state = InteractionState(
                id: core.random(bytes: 16), began: core.now, browser: core.cryptography.digest(cookie),
                parameters: Parameters(
                    [(OwnSignIn.page, name)] + (head.query.map { [(OwnSignIn.query, $0)] } ?? [])))
            var response = try await advance(state, submitted: nil)
            if browser == nil { response.headers.append(Cookie(Cookie.browser, issuer: core.issuer).set(cookie)) }
            return response
        }
        let state = try await open(sealed)
        guard head.method == "POST" else { return try await advance(state, submitted: nil) }
        guard try await seal.isFormToken(sent["csrf"] ?? "", of: state) else {
            let error = OAuthError(.invalidRequest, reason: "the form does not come from a page of this server")
            throw refusal(.csrf, error, of: state)
        }
        return try await advance(state, submitted: sent)
    }

    /// Refuses, with a link to the page that was requested.
    private func refusal(
        _ kind: PageRefusal.Kind, _ error: OAuthError, of state: InteractionState? = nil
    ) -> PageRefusal {
        PageRefusal(kind, error, again: state.map(target) ?? head.path)
    }

    private func open(_ sealed: String) async throws -> InteractionState {
        let state = try await seal.open(sealed, head) { target($0) }
        guard state.parameters[OwnSignIn.page] == name else {
            throw refusal(.expired, OAuthError(.invalidRequest, reason: "the state belongs to another page"))
        }
        return state
    }

    /// The sealed state in a request, if it is one: a page may have its own parameter `state`.
    ///
    /// - Throws: An error of the keys.
    func sealed(in sent: Parameters) async throws -> String? {
        guard let text = sent["state"],
            try await core.keys.open(text, purpose: InteractionState.purpose) != nil
        else { return nil }
        return text
    }

    /// Continues for a user who has signed in meanwhile, in another tab or with a form that was sent twice.
    func resume(from sealed: String) async -> ServerResponse {
        .redirect((try? await open(sealed)).map(target) ?? head.path)
    }

    /// The URL of the page that the sign-in is for.
    private func target(_ state: InteractionState) -> String {
        target(state.parameters[OwnSignIn.page] == name ? state.parameters[OwnSignIn.query] : nil)
    }

    /// The URL of the requested page with its query as sent; a path of this server, so that it cannot lead elsewhere.
    private func target(_ query: String?) -> String {
        guard let query else { return head.path }
        // Browsers have encoded everything else already.
        let scalars = query.unicodeScalars
        return "\(head.path)?"
            + scalars.map { 0x21...0x7E ~= $0.value ? String($0) : String($0).percentEncoded }.joined()
    }

    private func advance(_ state: InteractionState, submitted: Parameters?) async throws -> ServerResponse {
        var steps = StepRunner(
            core: core, plan: plan, client: OwnSignIn.nobody,
            policy: InteractionPolicy(limits: AccessLimits(scope: [])),
            address: head.address, state: state)
        var rest = submitted
        do {
            for phase in [StepPhase.identify, .verify] {
                guard let page = try await steps.run(phase, &rest) else { continue }
                return try await show(page, steps.state, isAnswer: submitted != nil)
            }
            try await steps.begin(lifetime: generation.settings.sessionLifetime)
        } catch let refused as StepRefusal {
            throw refusal(.session, refused.error, of: state)
        }
        guard let begun = steps.begun else { throw OAuthError(.serverError, reason: "no session has begun") }
        return try await commit(begun, steps.state, submitted)
    }

    /// Begins the session, once for each page that was shown, and continues to the requested page.
    private func commit(
        _ new: NewSession, _ state: InteractionState, _ submitted: Parameters?
    ) async throws -> ServerResponse {
        var begun = new
        begun.note(head)
        let form = submitted.map { GivenAnswer.digest(ofForm: $0, core.cryptography) }
        let given = GivenAnswer(
            clientID: "", redirectURI: name, sessionID: begun.session.id, cookie: begun.cookie, at: core.now)
        let marker = try await given.marker(of: state, for: form, in: core)
        let promised = try await core.promise([Event.signIn(begun.session)])
        guard case .committed = try await promised.commit([.create(marker)] + begun.writes, in: core.store) else {
            return try await beginAgain(state, form)
        }
        core.recorder.record(promised)
        await core.sessionRegistry.endOldest(after: begun)
        var response = ServerResponse.redirect(target(state))
        response.headers.append(Cookie(Cookie.session, issuer: core.issuer).set(begun.cookie))
        return response
    }

    /// Repeats the response after a double click: the session of the first click counts.
    private func beginAgain(_ state: InteractionState, _ form: String?) async throws -> ServerResponse {
        var response = ServerResponse.redirect(target(state))
        if let marker = try await core.store.read(state.marker),
            let given = try await GivenAnswer(marker, of: state, for: form, in: core),
            try await given.isGood(nil, in: core)
        {
            given.begin(nil, &response, in: core)
        }
        return response
    }

    private func show(_ page: Page, _ state: InteractionState, isAnswer: Bool) async throws -> ServerResponse {
        let sealed = try await seal.seal(state)
        guard !isAnswer else { return .redirect("\(head.path)?state=\(sealed)") }
        let token = try await seal.formToken(state)
        return try plan.render(step: state.shown?.step) {
            let values = try pages.values(
                of: page,
                with: ["action": .string(head.path), "csrf": .string(token), "state": .string(sealed)])
            return try pages.render(page.name, values, PagePolicy(), in: Languages.accepted(by: head))
        }
    }
}
