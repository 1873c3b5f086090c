// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Validates the request in an interaction that an endpoint of a plugin started, again for each page.
///
/// Filters of authorization requests are not asked, because there is no such request.
struct PurposeValidation {
    let core: ServerCore
    let generation: Generation
    let plan: AuthorizationPlan
    /// The languages that the browser accepts.
    let languages: [String]

    /// - Throws: `PageRefusal`; what the purpose throws if it is no `OAuthError`.
    func validate(_ start: PurposeStart) async throws -> ValidRequest {
        guard let owned = plan.purposes[exactly: start.name] else {
            let error = OAuthError(.invalidRequest, reason: "no loaded plugin has the purpose '\(start.name)'")
            // The plugin's page has been removed with its purpose.
            throw PageRefusal(.expired, error)
        }
        do {
            return try await validate(owned, start)
        } catch let error as OAuthError {
            throw purpose(owned, start).refusal(error)
        }
    }

    private func purpose(_ owned: Owned<any InteractionPurpose>, _ start: PurposeStart) -> ValidPurpose {
        ValidPurpose(owned: owned, start: start, languages: languages)
    }

    private func validate(_ owned: Owned<any InteractionPurpose>, _ start: PurposeStart) async throws -> ValidRequest {
        let (request, noted) = try await owned.call("InteractionPurpose.request") {
            try checked(try await $0.request(for: start.context), of: owned.plugin, start)
        }
        let registered = try await client(request.client.id, start)
        var policy = InteractionPolicy(limits: try limits(request.limits, registered, owned.role.grant))
        policy.consent = request.consent
        return ValidRequest(registered: registered, policy: policy, target: .purpose(purpose(owned, noted)))
    }

    /// What the purpose asks for, checked, and the start with a note of it.
    private func checked(
        _ request: PurposeRequest, of plugin: String, _ start: PurposeStart
    ) throws -> (PurposeRequest, PurposeStart) {
        var noted = start
        try noted.note(request, of: plugin)
        try request.consent.check(after: ConsentTerms(), of: plugin, generation.capabilities)
        return (request, noted)
    }

    /// The client as it is registered now.
    private func client(_ id: String, _ start: PurposeStart) async throws -> RegisteredClient {
        do {
            if let client = try await Clients(core, generation).registered(id) { return client }
        } catch let error as OAuthError {
            throw PageRefusal(.client, error, again: start.page)
        }
        let error = OAuthError(.invalidRequest, reason: "the client '\(id)' is inactive or no longer registered")
        throw PageRefusal(.client, error, again: start.page)
    }

    /// The part of the purpose's limits that the client may have today.
    private func limits(
        _ asked: AccessLimits, _ registered: RegisteredClient, _ grant: GrantDeclaration
    ) throws -> AccessLimits {
        guard registered.client.grants.contains(grant.key), let plan = registered.plans[grant.key] else {
            throw OAuthError(.unauthorizedClient, "the client may not use this grant")
        }
        let narrowing = AccessNarrowing(registered: registered, generation: generation, issuer: core.issuer)
        let limits = try narrowing.narrow(asked, plan)
        guard !limits.scope.words.isEmpty || asked.scope.words.isEmpty else {
            throw OAuthError(.invalidScope, "the client may have none of the requested scopes")
        }
        guard limits.isOpen(at: core.now) else {
            throw OAuthError(
                .accessDenied, "the requested access has already ended", reason: "its limits leave no time")
        }
        return limits
    }
}
