// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Logging
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
        for number in 0...TokenEndpoint.retries {
            let decided = try await decide(tokenRequest, plan)
            let answer = TokenAnswer(
                core: core, tokenRequest: tokenRequest, decided: decided, isRepeated: number > 0)
            if let members = try await issuer.issue(answer) { return .json(.object(members)) }
        }
        throw OAuthError(.temporarilyUnavailable, "other requests kept changing this grant", reason: "out of retries")
    }

    /// The decision of the grant, whose writes and subject have been checked.
    private func decide(_ request: TokenRequest, _ plan: GrantPlan) async throws -> Authorization {
        try await plan.grant.call("TokenGrant.authorize") { grant in
            let decided = try await grant.authorize(request)
            try plan.grant.owner.check(decided.writes, of: "the grant '\(plan.declaration.key)'")
            try checkSubject(of: decided, request.client, plan)
            try checkDerivation(of: decided, plan)
            noteExcess(of: decided, request.client, plan)
            return decided
        }
    }

    /// Tells the plugin's author what is left out of a new grant, because the client may not have it.
    private func noteExcess(of decided: Authorization, _ client: Client, _ plan: GrantPlan) {
        guard core.logger.logLevel <= .debug, decided.origin.isEmpty else { return }
        let excess = decided.limits.scope.filter { !client.scope.contains($0) }
        guard !excess.words.isEmpty else { return }
        plan.grant.log.debug(
            "the grant returned scope that the client may not have; it is left out",
            ["grant": plan.declaration.key, "scope": excess.description])
    }

    /// Refuses a subject without an identifier, and a client other than the one that asks: a token format that keeps the
    /// two apart by comparing them would later take it for a user.
    ///
    /// A user may be unknown to this server (decision 0040). The log does not show the identifier: a plugin that puts
    /// something else there may have put a secret there.
    private func checkSubject(of decided: Authorization, _ client: Client, _ plan: GrantPlan) throws {
        let mistake: String
        switch decided.subject {
        case .client(let id) where !id.isEmpty:
            if id == client.id { return }
            mistake = "another client as the subject; use the id of the request's client"
        case .user(let id) where !id.isEmpty: return
        default: mistake = "a subject without an identifier; set the id of a user or a client"
        }
        throw PluginMistake(
            "the grant '\(plan.declaration.key)' of the plugin '\(plan.grant.plugin)' returned \(mistake)",
            of: plan.grant.plugin)
    }

    /// Refuses a derived authorization that allows more than was derived.
    private func checkDerivation(of decided: Authorization, _ plan: GrantPlan) throws {
        guard let derivation = decided.derivation, !derivation.isKept(in: decided) else { return }
        throw PluginMistake(
            "the grant '\(plan.declaration.key)' of the plugin '\(plan.grant.plugin)' changed what it has derived from "
                + "a token; it must only narrow the limits, and add an actor, attachments and writes",
            of: plan.grant.plugin)
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
        let shown = plan.acceptance.withoutProofs(parameters)
        return TokenRequest(
            grant: plan.declaration, client: client, parameters: plan.grant.watched(shown), head: head,
            allowed: try issuer.narrowing.requested(parameters, under: key))
    }
}

extension ClientAuthentication {
    init(_ core: ServerCore, _ generation: Generation) {
        self.init(core: core, generation: generation, digest: core.secrets.keyedDigest, base64: Base64.decode)
    }
}
