// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension ServerCore {
    func respond(
        to request: ServerRequest, _ plan: Generation.ResourcePlan, _ generation: Generation,
        _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let access = ResourceAccess(core: self, generation: generation, scope: plan.endpoint.scope)
        let inQuery = request.head.method == "GET" || plan.endpoint.takesJSON
        // Where the token cannot stand in a form, nothing is read for who has none.
        let early = plan.endpoint.takesJSON ? try await access.admit(request.head, [:]) : nil
        trace.client = early?.client
        let sent: Parameters =
            inQuery
            ? try FormBody.parse(Array((request.head.query ?? "").utf8))
            : try plan.form(of: request)
        var parameters = try plan.acceptance.accept(sent)
        if inQuery, parameters["access_token"] != nil {
            throw access.refusal(.invalidRequest, "an access token must not be sent in the query")
        }
        let (token, client) =
            if let early { early } else { try await access.admit(request.head, parameters) }
        trace.client = client
        parameters = Parameters(parameters.all.filter { $0.name != "access_token" })
        var resource = ResourceRequest(
            head: request.head, parameters: parameters, token: token, client: client.client)
        resource.segment = try plan.endpoint.route.segment(of: request.head.path)
        // RFC 9110 section 9.3.1: what comes with GET means nothing.
        if plan.endpoint.takesJSON, request.head.method != "GET" {
            resource.body = try RequestBody.document(of: request)
        }
        do {
            return try await commit(try await plan.endpoint.respond(to: resource))
        } catch let error as OAuthError where error.headers.isEmpty && ResourceAccess.challenged.contains(error.code) {
            throw access.refusal(error.code, error.description, reason: error.reason)
        }
    }
}

extension Generation.ResourcePlan {
    /// The form of a request, which may hold the token (RFC 6750 section 2.2) and the declared parameters.
    ///
    /// Many clients send an empty JSON object with every POST, so an endpoint that reads nothing of a body refuses none.
    fileprivate func form(of request: ServerRequest) throws -> Parameters {
        let mayIgnore = endpoint.parameters.isEmpty && !RequestBody.isForm(request)
        return request.body.isEmpty || mayIgnore ? [:] : try RequestBody.form(of: request)
    }
}

extension ServerCore: AccessService {
    /// The claims about a person that every source gives; of two that give one claim the first counts.
    public func claims(
        for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        guard case .user(let id) = authorization.subject, let generation else { return [] }
        guard let user = try await users.find(id), user.isActive else {
            throw OAuthError(.invalidToken, "the person can no longer be told about", reason: "no active user '\(id)'")
        }
        var all: [JSON.Member] = []
        for source in generation.capabilities.claimsSources {
            let given = try await source.claims(about: user, for: authorization, scope: scope, to: destination)
            all += given.filter { claim in
                source.claims.contains(claim.name) && !all.contains { $0.name == claim.name }
            }
        }
        return all
    }
}
