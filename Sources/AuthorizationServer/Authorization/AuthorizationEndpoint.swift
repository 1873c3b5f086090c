// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The authorization endpoint (RFC 6749 section 3.1) and the pages that it leads to.
struct AuthorizationEndpoint {
    let core: ServerCore
    let generation: Generation
    let plan: AuthorizationPlan
    let head: RequestHead

    /// What carries a request that came as a form through the redirect.
    private static let posted = "posted"
    private static let postedPurpose = "posted-request"
    /// How often an approval is tried again when another request changed what it read.
    private static let retries = 2

    private var validation: AuthorizationValidation {
        AuthorizationValidation(
            core: core, generation: generation, plan: plan, accepted: Languages.accepted(by: head))
    }

    // MARK: requests of clients

    func request(_ inbound: InboundRequest, _ trace: inout RequestTrace) async throws -> OutboundResponse {
        if head.method == "POST" { return try postedRequest(inbound) }
        let parameters = try sent()
        trace.parameters = parameters
        let valid = try await validation.validate(parameters)
        trace.client = valid.registered
        let browser = Cookie(Cookie.browser, issuer: core.issuer)
        let known = browser.value(in: head).flatMap { $0.utf8.count == 43 ? $0 : nil }
        let cookie = known ?? core.random(bytes: 32)
        let state = InteractionState(
            id: core.random(bytes: 16), began: core.now, browser: core.cryptography.digest(cookie),
            parameters: parameters)
        let (session, _) = try await core.session(head)
        var response = try await go(on: valid, state, session, submitted: nil)
        if known == nil { response.headers.append(browser.set(cookie)) }
        return response
    }

    private func sent() throws -> Parameters {
        let query = try FormBody.parse(Array((head.query ?? "").utf8))
        // Beside anything else it is a parameter of the client's own, which means nothing here.
        guard query.all.count == 1, let sealed = query[AuthorizationEndpoint.posted] else { return query }
        guard let text = core.keys.open(sealed, purpose: AuthorizationEndpoint.postedPurpose) else {
            throw PageRefusal(.expired, OAuthError(.invalidRequest, reason: "no request that was posted"))
        }
        return try FormBody.parse(Array(text.utf8))
    }

    /// A form of another site comes without the session's cookie; the redirect that answers it brings it along.
    private func postedRequest(_ inbound: InboundRequest) throws -> OutboundResponse {
        let parameters = try RequestBody.form(of: inbound)
        let text = parameters.all.map { "\(URLEncoding.encode($0.name))=\(URLEncoding.encode($0.value))" }
            .joined(separator: "&")
        let sealed = try core.keys.seal(text, purpose: AuthorizationEndpoint.postedPurpose)
        guard sealed.utf8.count <= 12_000 else {
            throw OAuthError(.invalidRequest, "the authorization request is too long")
        }
        return .redirect("\(generation.path(AuthorizationEndpoint.path))?\(AuthorizationEndpoint.posted)=\(sealed)")
    }

    static let path = "/authorize"
    static let interactionPath = "/interaction"

    // MARK: requests of pages

    func interaction(_ inbound: InboundRequest, _ trace: inout RequestTrace) async throws -> OutboundResponse {
        let isForm = head.method == "POST"
        let fields = isForm ? try RequestBody.form(of: inbound) : try FormBody.parse(Array((head.query ?? "").utf8))
        let state = try core.open(fields["state"] ?? "", head)
        trace.parameters = state.parameters
        if isForm, !core.isFormToken(fields["csrf"] ?? "", of: state) {
            throw PageRefusal(.csrf, OAuthError(.invalidRequest, reason: "the form did not come from a page"))
        }
        let (session, markers) = try await core.session(head, and: [state.marker])
        guard markers.allSatisfy({ $0 == nil }) else {
            throw PageRefusal(.expired, OAuthError(.invalidRequest, reason: "the interaction was approved before"))
        }
        let valid = try await validation.validate(state.parameters)
        trace.client = valid.registered
        return try await go(on: valid, state, session, submitted: isForm ? fields : nil)
    }

    /// What goes wrong from here on is the client's to know, and so is sent there.
    private func go(
        on valid: ValidRequest, _ state: InteractionState, _ session: Session?, submitted: Parameters?
    ) async throws -> OutboundResponse {
        for _ in 0...AuthorizationEndpoint.retries {
            var run = InteractionRun(
                core, generation, plan, valid, state, session: session, address: head.address)
            let halt = try await run.advance(submitted)
            run.begun?.note(head)
            switch halt {
            case .page(let page): return try await show(page, run, isAnswer: submitted != nil)
            case .approved where HeadRequest.isCurrent: return withoutCode(valid)
            case .approved(let limits):
                let approval = Approval(core: core, generation: generation, run: run, limits: limits)
                if var response = try await telling(valid, { try await approval.answer() }) {
                    begin(run.begun, &response)
                    return response
                }
            }
            // What was submitted is not put to the steps again: a password would be counted twice.
            if submitted != nil { return try await telling(valid) { try again(state) } }
        }
        throw RedirectRefusal(
            error: OAuthError(.temporarilyUnavailable, "other requests kept changing this one"),
            destination: valid.destination)
    }

    /// What HEAD is told where GET would be given a code or a token: there is none to send anywhere.
    private func withoutCode(_ valid: ValidRequest) -> OutboundResponse {
        OutboundResponse(
            status: valid.destination.mode == .formPost ? 200 : 303, headers: [("cache-control", "no-store")])
    }

    private func again(_ state: InteractionState) throws -> OutboundResponse {
        .redirect("\(generation.path(AuthorizationEndpoint.interactionPath))?state=\(try core.seal(state))")
    }

    private func telling<Value>(_ valid: ValidRequest, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as OAuthError {
            throw RedirectRefusal(error: error, destination: valid.destination)
        }
    }

    private func begin(_ begun: NewSession?, _ response: inout OutboundResponse) {
        guard let begun else { return }
        response.headers.append(Cookie(Cookie.session, issuer: core.issuer).set(begun.cookie))
    }

    // MARK: pages

    private func show(_ page: Page, _ run: InteractionRun, isAnswer: Bool) async throws -> OutboundResponse {
        var state = run.state
        state.shownTo = run.session?.user.id ?? state.established?.user
        let sealed = try await telling(run.valid) { [state] in try core.seal(state) }
        if let writes = run.sessionWrites {
            guard case .committed = try await core.store.write(writes) else {
                throw PageRefusal(.expired, OAuthError(.invalidRequest, reason: "the session was changed meanwhile"))
            }
            core.recordBegin(of: run)
        }
        guard !isAnswer else {
            var response = OutboundResponse.redirect(
                "\(generation.path(AuthorizationEndpoint.interactionPath))?state=\(sealed)")
            begin(run.begun, &response)
            return response
        }
        var values = page.values
        values["action"] = .string(generation.path(AuthorizationEndpoint.interactionPath))
        values["csrf"] = .string(core.formToken(state))
        values["state"] = .string(sealed)
        let client = run.valid.registered.client
        values["client"] = ClientDescription.values(client)
        var policy = PagePolicy(formAction: [run.valid.destination.redirect.policySource])
        policy.pictures = ClientDescription.pictures(client)
        var response = try core.render(
            page.name, values, policy, generation, in: run.valid.destination.languages)
        begin(run.begun, &response)
        return response
    }
}
