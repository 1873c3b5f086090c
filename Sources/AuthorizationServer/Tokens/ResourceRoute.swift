// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Serves a plugin's endpoint to clients that present an access token.
struct ResourceRoute: RouteHandler {
    private let endpoint: Owned<any Endpoint<Bearer>>
    let name: String
    let methods: Set<String>
    let audience = RouteAudience.clients
    private let scope: Scope
    private let acceptance: ParameterAcceptance
    private let hasParameters: Bool
    private let pattern: PathPattern
    /// The media types of the JSON that the endpoint reads; nil if it reads forms.
    private let documentTypes: [String]?

    /// Nil if the endpoint is for other callers.
    init?(_ owned: Owned<any Endpoint>, requiring scope: Scope) {
        guard let endpoint = owned.cast(to: (any Endpoint<Bearer>).self) else { return nil }
        name = owned.role.route.name
        methods = owned.role.route.methods
        self.scope = scope
        let parameters = owned.role.parameters
        acceptance = ParameterAcceptance(parameters, credentials: ResourceAccess.parameters)
        hasParameters = !parameters.isEmpty
        pattern = PathPattern(of: owned)
        documentTypes = if case .json(let types) = owned.role.body { types } else { nil }
        self.endpoint = endpoint.watching(acceptance, as: "Endpoint")
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let access = ResourceAccess(core: core, generation: generation, scope: scope)
        // If the form cannot contain the token, it is not parsed for callers that have none.
        let early = documentTypes != nil ? try await access.admit(request.head, [:]) : nil
        trace.client = early?.client
        let parameters = try acceptance.accept(try sent(request))
        if isInQuery(request), parameters["access_token"] != nil {
            throw access.refusal(.invalidRequest, "an access token must not be sent in the query")
        }
        let (token, client) = if let early { early } else { try await access.admit(request.head, parameters) }
        trace.client = client
        trace.context?.subject = token.authorization.subject.id
        let asked = try asked(request, parameters, Bearer(token: token, client: client.client))
        do {
            return try await endpoint.call("Endpoint.respond") {
                try await $0.respond(to: asked).commit(in: core.store, by: endpoint.owner)
            }
        } catch let error as OAuthError where error.headers.isEmpty && ResourceAccess.challenged.contains(error.code) {
            var refusal = access.refusal(error.code, error.description, reason: error.reason)
            refusal.plugin = error.plugin
            throw refusal
        }
    }

    private func isInQuery(_ request: ServerRequest) -> Bool {
        request.head.method == "GET" || documentTypes != nil
    }

    private func sent(_ request: ServerRequest) throws -> Parameters {
        guard !isInQuery(request) else { return try FormBody.parse(Array((request.head.query ?? "").utf8)) }
        // Many clients send an empty JSON object with every POST, so an endpoint without parameters ignores the body. A
        // form is read, because it may contain the token (RFC 6750 section 2.2).
        let mayIgnore = !hasParameters && !RequestBody.isForm(request)
        return request.body.isEmpty || mayIgnore ? [:] : try RequestBody.form(of: request)
    }

    private func asked(
        _ request: ServerRequest, _ parameters: Parameters, _ bearer: Bearer
    ) throws -> EndpointRequest<Bearer> {
        var asked = EndpointRequest(
            head: request.head, caller: bearer, parameters: endpoint.watched(acceptance.withoutProofs(parameters)),
            variables: try pattern.values(in: request.head.path))
        // RFC 9110 section 9.3.1: the content of a GET request has no meaning.
        if let documentTypes, request.head.method != "GET" {
            asked.document = try RequestBody.document(of: request, types: documentTypes)
        }
        return asked
    }
}
