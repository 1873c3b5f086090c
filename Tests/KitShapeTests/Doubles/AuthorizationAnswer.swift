// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension Issuance {
    /// The response to an authorization request, assembled as the endpoint will do it, from what the kit makes public.
    ///
    /// Each flow runs under the origin of its own grant, all have one grant id, and each sees what the flows before it
    /// have added.
    static func answer(
        _ request: AuthorizationRequest, with flows: [any AuthorizationFlow], granting granted: Authorization,
        at now: Timestamp
    ) async throws -> [Issuance] {
        var answers: [Issuance] = []
        for flow in flows.sorted(by: { $0.stage.rawValue < $1.stage.rawValue }) {
            try await flow.validate(request)
            let authorization = granted.issued(under: flow.grant.key, grantID: "a-grant")
            var issuance = Issuance(
                authorization: authorization, client: request.client, limits: authorization.limits,
                answer: .standIn(for: request, flow.grant), issuedAt: now)
            for member in answers.last?.members ?? [] { try issuance.add(member.name, member.value) }
            for write in answers.last?.writes ?? [] { issuance.alsoWrite(write) }
            try await flow.respond(&issuance, to: request)
            answers.append(issuance)
        }
        return answers
    }
}

extension Issuance.Answer {
    /// Takes the place of the case for authorization requests, which only the kit can add; no flow uses it.
    static func standIn(for request: AuthorizationRequest, _ grant: GrantDeclaration) -> Issuance.Answer {
        let head = RequestHead(method: "GET", path: "/auth/authorize")
        return .token(
            TokenRequest(
                grant: grant, client: request.client, parameters: request.parameters, head: head,
                allowed: AccessLimits(scope: request.client.scope)))
    }
}
