// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// Validates authorization requests against the loaded plugins and current registrations (RFC 6749 sections 3.1 and
/// 4.1.1).
struct AuthorizationValidation {
    let core: ServerCore
    let generation: Generation
    let plan: AuthorizationPlan
    let head: RequestHead
    /// The languages that the browser accepts.
    let accepted: [String]
    /// Whether a page that limits its forms to this server may come before.
    var endsForm = false

    /// - Throws: `PageRefusal` until client and redirect URI have been validated, then `RedirectRefusal`.
    func validate(_ sent: Parameters) async throws -> ValidRequest {
        let client = try await client(sent)
        let words = Set(sent.values("response_type").flatMap { $0.raw.split(at: " ") }.map(\.string))
        let owned = words.compactMap { plan.flows[exactly: $0] }
        let flows = owned.map(\.role)
        var destination = try destination(sent, client, flows)
        destination.languages = accepted
        destination.endsForm = endsForm
        do {
            destination.mode = try mode(sent, flows)
            let parameters = try plan.acceptance.accept(sent)
            try checkType(parameters, words, flows, client)
            let request = AuthorizationRequest(
                client: client.client, redirectURI: destination.redirect.text, words: words,
                grants: flows.map(\.grant), parameters: parameters, head: head)
            for flow in owned {
                let seen = AuthorizationValidation.seen(request, by: flow)
                try await flow.call("AuthorizationFlow.validate") { try await $0.validate(seen) }
            }
            let narrowing = AccessNarrowing(
                registered: client, generation: generation, issuer: core.issuer)
            let policy = try await filtered(
                request, within: try narrowing.requested(parameters, underAll: flows.map(\.grant.key)))
            // What could not be issued later is refused before anyone is asked.
            for plan in flows.compactMap({ client.plans[$0.grant.key] }) {
                _ = try narrowing.narrow(policy.limits, plan)
            }
            guard policy.limits.isOpen(at: core.now) else {
                throw OAuthError(
                    .accessDenied, "the requested access has already ended", reason: "its limits leave no time")
            }
            destination.languages = Languages.tags(policy.languages) + accepted
            let ordered = owned.sorted {
                ($0.role.stage.rawValue, $0.role.word) < ($1.role.stage.rawValue, $1.role.word)
            }
            let asked = ValidAuthorization(request: request, flows: ordered, destination: destination)
            return ValidRequest(registered: client, policy: policy, target: .client(asked))
        } catch let error as OAuthError {
            throw RedirectRefusal(error: error, destination: destination)
        }
    }

    /// What filters ask for and leave of a request.
    ///
    /// - Throws: The refusal of the first filter that refuses; `OAuthError` `server_error` for one that widens, or
    ///   warns users with a string that its plugin does not have.
    private func filtered(
        _ request: AuthorizationRequest, within limits: AccessLimits
    ) async throws -> InteractionPolicy {
        var policy = InteractionPolicy(limits: limits)
        for filter in plan.filters {
            let former = policy
            let seen = AuthorizationValidation.seen(request, by: filter)
            try await filter.call("AuthorizationRequestFilter.apply") {
                try await $0.apply(seen, &policy)
                try policy.limits.checkWithin(former.limits, plugin: filter.plugin)
                try policy.consent.check(after: former.consent, of: filter.plugin, generation.capabilities)
            }
        }
        return policy
    }

    /// The request as it is handed to a flow or a filter.
    static func seen<Role: Sendable>(_ request: AuthorizationRequest, by owned: Owned<Role>) -> AuthorizationRequest {
        var request = request
        request.parameters = owned.watched(request.parameters)
        return request
    }

    private func client(_ sent: Parameters) async throws -> RegisteredClient {
        let ids = sent.values("client_id")
        do {
            if ids.count == 1, let client = try await Clients(core, generation).registered(ids[0]) { return client }
        } catch let error as OAuthError {
            throw PageRefusal(.client, error)
        }
        throw PageRefusal(.client, OAuthError(.invalidRequest, "the request names no registered client"))
    }

    // MARK: destination

    private func destination(
        _ sent: Parameters, _ client: RegisteredClient, _ flows: [any AuthorizationFlow]
    ) throws -> AuthorizationDestination {
        let lists = flows.compactMap { client.redirects[$0.grant.key] }
        // If the response type is unknown, the error may go to any URI that the client has registered.
        let known = lists.isEmpty ? client.redirects.values.flatMap(\.self) : lists.flatMap(\.self)
        let redirect = try redirect(sent, Array(Set(known)))
        // The URI must be registered under the grant of every word.
        guard lists.allSatisfy({ list in list.contains { $0.accepts(redirect) } }) else {
            throw PageRefusal(.redirectURI, AuthorizationValidation.unregistered)
        }
        let strictest = AuthorizationValidation.strictest(flows)
        let states = sent.values("state")
        let state = states.count == 1 ? states.first.flatMap { isReturned($0) ? $0 : nil } : nil
        return AuthorizationDestination(
            client: client, redirect: redirect, mode: (try? mode(sent, flows)) ?? strictest, state: state)
    }

    private static let unregistered = OAuthError(.invalidRequest, "the redirect URI is not registered for the client")

    private func isReturned(_ state: String) -> Bool {
        !state.isEmpty && state.utf8.count <= AuthorizationPlan.longestState
    }

    private func redirect(_ sent: Parameters, _ known: [RedirectURI]) throws -> RedirectURI {
        let values = sent.values("redirect_uri").filter { !$0.isEmpty }
        guard let text = values.first else {
            // RFC 6749 section 3.1.2.3: the parameter may be omitted if there is no choice.
            guard known.count == 1, let only = known.first else {
                throw PageRefusal(.redirectURI, OAuthError(.invalidRequest, "the parameter 'redirect_uri' is missing"))
            }
            return only
        }
        guard values.count == 1, let requested = try? RedirectURI(text),
            known.contains(where: { $0.accepts(requested) })
        else { throw PageRefusal(.redirectURI, AuthorizationValidation.unregistered) }
        return requested
    }

    private static func strictest(_ flows: [any AuthorizationFlow]) -> ResponseMode {
        flows.contains { $0.delivery == .fragment } ? .fragment : .query
    }

    private func mode(_ sent: Parameters, _ flows: [any AuthorizationFlow]) throws -> ResponseMode {
        let strictest = AuthorizationValidation.strictest(flows)
        let values = sent.values("response_mode").filter { !$0.isEmpty }
        guard let text = values.first else { return strictest }
        guard values.count == 1, let mode = ResponseMode(rawValue: text) else {
            throw OAuthError(.invalidRequest, "the response mode must be query, fragment or form_post")
        }
        guard mode != .query || strictest == .query else {
            throw OAuthError(.invalidRequest, "the response type must not be returned in the query")
        }
        return mode
    }

    // MARK: response type

    private func checkType(
        _ parameters: Parameters, _ words: Set<String>, _ flows: [any AuthorizationFlow], _ client: RegisteredClient
    ) throws {
        _ = try parameters.required("response_type")
        guard !flows.isEmpty, flows.count == words.count, AuthorizationPlan.combine(flows) else {
            throw OAuthError(.unsupportedResponseType, "the response type is not supported")
        }
        guard flows.allSatisfy({ client.client.grants.contains($0.grant.key) && client.plans[$0.grant.key] != nil })
        else { throw OAuthError(.unauthorizedClient, "the client may not use this response type") }
    }
}
