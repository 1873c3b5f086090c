// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to clients that present an access token.
struct ResourceRoute: RouteHandler {
    private let endpoint: any ResourceEndpoint
    private let owner: DeclaredCollections
    let name: String
    let methods: Set<String>
    let audience = RouteAudience.clients
    private let acceptance: ParameterAcceptance

    init(_ owned: Owned<any ResourceEndpoint>) {
        endpoint = owned.role
        owner = owned.owner
        name = endpoint.route.name
        methods = endpoint.route.methods
        acceptance = ParameterAcceptance(endpoint.parameters, credentials: ResourceAccess.parameters)
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let access = ResourceAccess(core: core, generation: generation, scope: endpoint.scope)
        // If the form cannot contain the token, it is not parsed for callers that have none.
        let early = endpoint.takesJSON ? try await access.admit(request.head, [:]) : nil
        trace.client = early?.client
        let parameters = try acceptance.accept(try sent(request))
        if isInQuery(request), parameters["access_token"] != nil {
            throw access.refusal(.invalidRequest, "an access token must not be sent in the query")
        }
        let (token, client) = if let early { early } else { try await access.admit(request.head, parameters) }
        trace.client = client
        trace.context?.subject = token.authorization.subject.id
        let resource = try resource(request, parameters, token, client.client)
        do {
            return try await endpoint.respond(to: resource).commit(in: core.store, by: owner)
        } catch let error as OAuthError where error.headers.isEmpty && ResourceAccess.challenged.contains(error.code) {
            throw access.refusal(error.code, error.description, reason: error.reason)
        }
    }

    private func isInQuery(_ request: ServerRequest) -> Bool {
        request.head.method == "GET" || endpoint.takesJSON
    }

    private func sent(_ request: ServerRequest) throws -> Parameters {
        guard !isInQuery(request) else { return try FormBody.parse(Array((request.head.query ?? "").utf8)) }
        // Many clients send an empty JSON object with every POST, so an endpoint without parameters ignores the body. A
        // form is read, because it may contain the token (RFC 6750 section 2.2).
        let mayIgnore = endpoint.parameters.isEmpty && !RequestBody.isForm(request)
        return request.body.isEmpty || mayIgnore ? [:] : try RequestBody.form(of: request)
    }

    private func resource(
        _ request: ServerRequest, _ parameters: Parameters, _ token: ResolvedToken, _ client: Client
    ) throws -> ResourceRequest {
        var resource = ResourceRequest(
            head: request.head, parameters: Parameters(parameters.all.filter { $0.name != "access_token" }),
            token: token, client: client)
        resource.segment = try endpoint.route.segment(of: request.head.path)
        // RFC 9110 section 9.3.1: the content of a GET request has no meaning.
        if endpoint.takesJSON, request.head.method != "GET" {
            resource.body = try RequestBody.document(of: request)
        }
        return resource
    }
}
