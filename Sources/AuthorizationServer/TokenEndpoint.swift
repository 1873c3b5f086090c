// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The token endpoint (RFC 6749 section 3.2): what stands around every grant.
struct TokenEndpoint {
    let core: ServerCore
    let generation: Generation

    /// How often a grant is run again when another request changed what it read.
    private static let retries = 2

    func respond(to request: InboundRequest, _ trace: inout RequestTrace) async throws -> OutboundResponse {
        let sent = try RequestBody.parameters(of: request)
        let wire = try sent.required("grant_type")
        guard let plan = generation.grants[wire] else {
            throw OAuthError(.unsupportedGrantType, "no grant of this type is offered")
        }
        trace.grant = plan.declaration.key
        let parameters = try plan.acceptance.accept(sent)
        let authentication = ClientAuthentication(core, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: plan.declaration.client)
        trace.client = registered
        // Requests that arrived together authenticate together, then go on together (decision 0014).
        await Task.yield()
        guard registered.client.grants.contains(plan.declaration.key) else {
            throw OAuthError(.unauthorizedClient, "the client may not use this grant")
        }
        let issuing = Issuing(core: core, generation: generation, registered: registered)
        let allowed = try issuing.limits(parameters, under: plan.declaration.key)
        let tokenRequest = TokenRequest(
            grant: plan.declaration, client: registered.client, parameters: parameters, head: request.head,
            allowed: allowed)
        return .json(try await answer(tokenRequest, plan, issuing))
    }

    private func answer(_ request: TokenRequest, _ plan: Generation.GrantPlan, _ issuing: Issuing) async throws -> JSON
    {
        for _ in 0...TokenEndpoint.retries {
            let decided = try await plan.grant.authorize(request)
            if let answer = try await issuing.issue(decided, for: request) { return answer }
        }
        throw OAuthError(.temporarilyUnavailable, "other requests kept changing this grant", reason: "out of retries")
    }
}

extension ClientAuthentication {
    init(_ core: ServerCore, _ generation: Generation) {
        self.init(core: core, generation: generation, digest: core.secrets.keyedDigest, base64: Base64.decode)
    }
}
