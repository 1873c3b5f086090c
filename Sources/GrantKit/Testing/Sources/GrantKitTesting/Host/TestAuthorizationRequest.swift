// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

/// An authorization request that was checked, and that a user can approve.
public struct TestAuthorizationRequest: Sendable {
    /// The plugin.
    public let plugin: TestPlugin
    /// The request as flows and filters see it.
    public let request: AuthorizationRequest
    /// The requirements and limits, as filters have left them.
    public let policy: InteractionPolicy
    let flows: [any AuthorizationFlow]
    let names: UndeclaredNames

    private var host: TestHost { plugin.host }

    /// Responds as if a user had signed in and allowed the request.
    ///
    /// - Parameter ticked: The scope values that the user allows; nil for all.
    /// - Returns: The response.
    /// - Throws: As `TestPlugin.authorize`.
    public func approve(only ticked: [String]? = nil) async throws -> TestAuthorizationResponse {
        var limits = policy.limits
        if let ticked {
            limits.keep { ticked.contains($0) || plugin.registry.requiredScopes.contains($0) }
            guard !limits.scope.words.isEmpty || policy.limits.scope.words.isEmpty else {
                throw OAuthError(.accessDenied, "the user allowed none of the requested scopes")
            }
        }
        let user = try await plugin.someone()
        for _ in 0..<3 {
            if let response = try await respond(user, limits) { return response }
        }
        throw OAuthError(.temporarilyUnavailable, "other requests kept changing this interaction")
    }

    private func respond(_ user: User, _ limits: AccessLimits) async throws -> TestAuthorizationResponse? {
        var decided = Authorization(user: user, limits: limits)
        (decided.authenticatedAt, decided.amr) = (host.clock.now, ["pwd"])
        decided.attachments = policy.attachments
        let ids = [Base64.encode(host.random.bytes(16)), Base64.encode(host.random.bytes(16))]
        (decided.sessionID, decided.grantID) = (ids[0], ids[1])
        let issuance = try await make(decided)
        let conditions = ids.map { StoreWrite.absent(StoreKey(TestTokens.collection, $0)) }
        let outcome = try await host.store.commit(issuance.writes + conditions, of: "the response")
        guard case .committed = outcome else { return nil }
        return TestAuthorizationResponse(
            authorization: issuance.authorization, limits: issuance.limits, members: .object(issuance.members),
            delivery: flows.contains { $0.delivery == .fragment } ? .fragment : .query, writes: issuance.writes)
    }

    /// Lets each flow add its members, stage by stage.
    private func make(_ decided: Authorization) async throws -> Issuance {
        let ordered = flows.sorted { ($0.stage.rawValue, $0.word) < ($1.stage.rawValue, $1.word) }
        var last: Issuance?
        for stage in [Stage.credential, .assertion] {
            for flow in ordered where flow.stage == stage {
                var issuance = try begin(flow, decided, after: last)
                if flow.issuesAccessToken { try await plugin.addToken(to: &issuance) }
                try await respond(&issuance, by: flow)
                last = issuance
            }
            guard var issuance = last, flows.contains(where: { $0.issuesAccessToken }) else { continue }
            try await plugin.extend(&issuance, at: stage)
            last = issuance
        }
        guard let last else { throw OAuthError(.serverError, reason: "the response has no parts") }
        return last
    }

    /// The part of one flow, under the key of its own grant, with what earlier parts have added.
    private func begin(
        _ flow: any AuthorizationFlow, _ decided: Authorization, after last: Issuance?
    ) throws -> Issuance {
        var issuance = Issuance(
            authorization: decided.issued(under: flow.grant.key, grantID: ""), client: request.client,
            limits: decided.limits, answer: .authorization(request), issuedAt: host.clock.now)
        guard let last else { return issuance }
        issuance.tokenID = last.tokenID
        for member in last.members { try issuance.add(member.name, member.value) }
        for write in last.writes { issuance.alsoWrite(write) }
        return issuance
    }

    private func respond(_ issuance: inout Issuance, by flow: any AuthorizationFlow) async throws {
        let kept = KeptIssuance(issuance)
        try await flow.respond(&issuance, to: request)
        guard kept.isKept(in: issuance) else {
            throw HostRefusal(
                "the response type '\(flow.word)' replaces the issuance by another one: only add to it, with add and "
                    + "alsoWrite")
        }
        try names.check(by: "the flow")
    }
}
