// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import OutsideText

/// One request of a browser to a plugin's endpoint.
struct BrowserAccess {
    let core: ServerCore
    let generation: Generation
    let plan: BrowserRoute
    let head: RequestHead

    private var pages: PageResponder { PageResponder(core: core, generation: generation) }
    private var cookie: Cookie { Cookie(Cookie.browser, issuer: core.issuer) }

    /// The cookie that ties pages to this browser, if any page has been shown.
    private var browser: String? {
        cookie.value(in: head).flatMap { $0.utf8.count == 43 ? $0 : nil }
    }

    func respond(to request: ServerRequest) async throws -> ServerResponse {
        let sent = head.method == "POST" ? try RequestBody.form(of: request) : try await query()
        let (session, _) = try await core.sessionRegistry.current(head)
        if plan.requiresSession, !isForeign(sent) {
            let ownSignIn = try ownSignIn()
            if session == nil {
                if try await endedItself(sent) { return try await signedOut() }
                return try await ownSignIn.respond(to: sent, browser: browser)
            }
            // The form of a sign-in page, sent twice or from another tab.
            if let sealed = try await ownSignIn.sealed(in: sent) { return await ownSignIn.resume(from: sealed) }
        }
        guard plan.takesForms || head.method != "POST" else {
            throw refusal(.request, OAuthError(.invalidRequest, "this page takes no forms", status: 405))
        }
        if head.method == "POST", try await !isOwn(sent["csrf"] ?? "") {
            guard plan.takesForeignForms else {
                throw refusal(
                    .csrf, OAuthError(.invalidRequest, reason: "the form does not come from a page of this server"))
            }
            return try await asLink(sent)
        }
        let asked = EndpointRequest(
            head: head, caller: session?.shown, parameters: plan.owned.watched(try plan.acceptance.accept(sent)),
            variables: try plan.pattern.values(in: head.path))
        return try await plan.owned.call("Endpoint.respond") { _ in
            try await answer(try await plan.respond(to: asked), to: sent, session)
        }
    }

    /// Commits and renders what the endpoint has responded.
    private func answer(
        _ response: EndpointResponse, to sent: Parameters, _ session: Session?
    ) async throws -> ServerResponse {
        let fresh = browser == nil ? core.random(bytes: 32) : nil
        let begun = try await interaction(of: response, fresh ?? browser ?? "")
        var answer = try await response.commit(in: core.store, by: plan.owned.owner, begun: begun) { page, status in
            try await show(page, status, fresh ?? browser ?? "", in: languages(sent), session?.user.timeZone)
        }
        if head.readsPages, head.followsOwnPage {
            answer = try pages.sendingOn(answer, in: languages(sent))
        }
        if response.isTied, let fresh { answer.headers.append(cookie.set(fresh)) }
        if response.forgetsSession {
            answer.headers.append(Cookie(Cookie.session, issuer: core.issuer).remove)
        }
        return answer
    }

    /// Whether this is a form of another site, which is turned into a link before anyone has to sign in.
    private func isForeign(_ sent: Parameters) -> Bool {
        plan.takesForeignForms && head.method == "POST" && sent["csrf"] == nil
    }

    private func ownSignIn() throws -> OwnSignIn {
        guard let authorization = generation.authorization else {
            throw PageRefusal(.session, OAuthError(.loginRequired, reason: "no user is signed in"))
        }
        return OwnSignIn(core: core, generation: generation, plan: authorization, head: head, name: plan.name)
    }

    /// The endpoint's own page, if it shows one.
    private var ownPage: String? { plan.methods.contains("GET") ? head.path : nil }

    /// Refuses, with a link to the endpoint's own page if it shows one.
    private func refusal(_ kind: PageRefusal.Kind, _ error: OAuthError) -> PageRefusal {
        PageRefusal(kind, error, again: ownPage)
    }

    /// Whether the form comes from a page of this browser whose session has ended, perhaps by the first of two clicks.
    private func endedItself(_ sent: Parameters) async throws -> Bool {
        guard head.method == "POST", try await isOwn(sent["csrf"] ?? "") else { return false }
        return try await core.sessionRegistry.hasEnded(head)
    }

    private func signedOut() async throws -> ServerResponse {
        var answer = try await show(Page("signed_out"), 200, browser ?? "", in: Languages.accepted(by: head))
        answer.headers.append(Cookie(Cookie.session, issuer: core.issuer).remove)
        return answer
    }

    private func query() async throws -> Parameters {
        let query = try FormBody.parse(Array((head.query ?? "").utf8))
        guard plan.takesForeignForms else { return query }
        guard let form = try await posted.form(in: query) else {
            throw refusal(.expired, OAuthError(.invalidRequest, reason: "there is no valid posted form"))
        }
        return form
    }

    private var posted: PostedForm { PostedForm(keys: core.keys, purpose: "posted-to \(plan.name)") }

    /// Redirects a form of another site to a link with the same parameters.
    private func asLink(_ sent: Parameters) async throws -> ServerResponse {
        guard let query = try await posted.query(for: sent) else {
            throw OAuthError(.invalidRequest, "the form is too long")
        }
        return .redirect("\(head.path)?\(query)")
    }

    // MARK: interactions

    /// The redirect to the interaction that the endpoint begins; nil if it begins none.
    ///
    /// - Throws: `PluginMistake` if the purpose is not one of the same plugin; `OAuthError` if the context is too long.
    private func interaction(of response: EndpointResponse, _ browser: String) async throws -> ServerResponse? {
        guard case .interaction(let name, let context) = response.content else { return nil }
        let owner = generation.capabilities.purposes[exactly: name]?.owner
        guard owner === plan.owned.owner else { throw foreign(name, of: owner) }
        var state = InteractionState(
            id: core.random(bytes: 16), began: core.now, browser: core.cryptography.digest(browser), parameters: [:])
        state.purpose = PurposeStart(name: name, context: context, page: ownPage)
        let sealed = try await InteractionSeal(core: core).seal(state)
        return .redirect("\(generation.path(AuthorizationEndpoint.interactionPath))?state=\(sealed)")
    }

    private func foreign(_ purpose: String, of owner: DeclaredCollections?) -> PluginMistake {
        let cure =
            owner.map { "which belongs to the plugin '\($0.plugin)'; use a purpose of its own" }
            ?? "which it has not added; add registry.add(purpose:) in register"
        return PluginMistake(
            "the endpoint '\(plan.name)' of the plugin '\(plan.owned.plugin)' returned .interaction for the purpose "
                + "'\(purpose)', \(cure)",
            of: plan.owned.plugin)
    }

    // MARK: pages

    /// The languages in `ui_locales`, followed by those that the browser accepts.
    private func languages(_ sent: Parameters) -> [String] {
        let asked = (sent["ui_locales"] ?? "").utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        return Languages.tags(asked) + Languages.accepted(by: head)
    }

    private func show(
        _ page: Page, _ status: Int, _ browser: String, in languages: [String], _ zone: String? = nil
    ) async throws -> ServerResponse {
        let code = try await core.keys.authenticationCode(message(browser), purpose: BrowserAccess.purpose)
        var values = try pages.values(of: page, with: ["action": .string(head.path), "csrf": .string(code)])
        values["zone"] = zone.map(JSON.string)
        // A frame that the policy cannot name exactly is left out, rather than allowed by its scheme.
        let frames = page.frames.compactMap { address in source(address).map { (address: address, source: $0) } }
        if !frames.isEmpty {
            values["frames"] = .array(frames.map { ["address": .string($0.address)] })
            values["has_frames"] = true
        }
        // The policy need not name what the forms redirect to, because a page of this server leads there.
        var policy = PagePolicy(formAction: page.destinations.compactMap(source))
        policy.frames = frames.map(\.source)
        policy.runsScript = !frames.isEmpty
        return try pages.render(page.name, values, policy, in: languages, status: status)
    }

    private func source(_ address: String) -> String? {
        guard let source = (try? RedirectURI(address, longest: RedirectURI.longestWithMore))?.policySource else {
            core.logger.warning(
                "the policy of a page cannot name an address; use a host name",
                metadata: ["endpoint": "\(plan.name)", "address": "\(address)"])
            return nil
        }
        return source
    }

    private static let purpose = "browser-form"

    private func message(_ browser: String) -> String {
        let session = plan.requiresSession ? core.sessionRegistry.namedID(head) ?? "" : ""
        return "\(plan.name) \(core.cryptography.digest("\(browser)\u{0}\(session)"))"
    }

    /// Whether a form comes from a page that this endpoint showed in this browser.
    private func isOwn(_ token: String) async throws -> Bool {
        guard let browser else { return false }
        return try await core.keys.isAuthentic(token, over: message(browser), purpose: BrowserAccess.purpose)
    }
}

extension EndpointResponse {
    /// Whether what follows works only in the browser that gets the response.
    fileprivate var isTied: Bool {
        switch content {
        case .page, .interaction: true
        default: false
        }
    }
}
