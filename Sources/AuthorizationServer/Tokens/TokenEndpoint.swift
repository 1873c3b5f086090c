// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The token endpoint (RFC 6749 section 3.2): what all grants have in common.
struct TokenEndpoint {
    let core: ServerCore
    let generation: Generation

    /// The number of times that a grant runs again if another request changed what it read.
    private static let retries = 2

    func respond(to request: ServerRequest, _ trace: inout RequestTrace) async throws -> ServerResponse {
        let (plan, parameters) = try accept(request, &trace)
        let authentication = ClientAuthentication(core, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: plan.declaration.client)
        trace.client = registered
        // Requests that arrived together authenticate together, then continue together (decision 0014).
        await Task.yield()
        let issuer = TokenIssuer(core: core, generation: generation, registered: registered)
        let tokenRequest = try tokenRequest(request.head, plan, parameters, issuer)
        let filters = generation.capabilities.tokenFilters
        if !filters.isEmpty { try await filters.admit(tokenRequest) }
        for _ in 0...TokenEndpoint.retries {
            let decided = try await plan.grant.authorize(tokenRequest)
            try plan.owner.check(decided.writes, of: "the grant '\(plan.declaration.key)'")
            let answer = TokenAnswer(core: core, tokenRequest: tokenRequest, decided: decided)
            if let members = try await issuer.issue(answer) { return .json(.object(members)) }
        }
        throw OAuthError(.temporarilyUnavailable, "other requests kept changing this grant", reason: "out of retries")
    }

    private func accept(
        _ request: ServerRequest, _ trace: inout RequestTrace
    ) throws -> (GrantPlan, Parameters) {
        let sent = try RequestBody.parameters(of: request)
        let wire = try sent.required("grant_type")
        guard let plan = generation.grants[exactly: wire] else {
            throw OAuthError(.unsupportedGrantType, "the grant type is not supported")
        }
        trace.grant = plan.declaration.key
        return (plan, try plan.acceptance.accept(sent))
    }

    private func tokenRequest(
        _ head: RequestHead, _ plan: GrantPlan, _ parameters: Parameters, _ issuer: TokenIssuer
    ) throws -> TokenRequest {
        let (client, key) = (issuer.registered.client, plan.declaration.key)
        guard client.grants.contains(key) else {
            throw OAuthError(.unauthorizedClient, "the client may not use this grant")
        }
        return TokenRequest(
            grant: plan.declaration, client: client, parameters: parameters, head: head,
            allowed: try issuer.narrowing.requested(parameters, under: key))
    }
}

extension ClientAuthentication {
    init(_ core: ServerCore, _ generation: Generation) {
        self.init(core: core, generation: generation, digest: core.secrets.keyedDigest, base64: Base64.decode)
    }
}
