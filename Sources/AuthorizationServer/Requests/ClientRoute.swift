// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to clients that authenticate.
struct ClientRoute: RouteHandler {
    private let endpoint: Owned<any Endpoint<Client>>
    let name: String
    let methods: Set<String>
    let audience = RouteAudience.clients
    private let caller: ClientRequirement
    private let acceptance: ParameterAcceptance
    private let pattern: PathPattern
    /// Whether clients revoke their tokens here, which RFC 8414 section 2 marks in the metadata.
    private let endsTokens: Bool

    /// Nil if the endpoint is for other callers.
    init?(_ owned: Owned<any Endpoint>, as caller: ClientRequirement, credentials: [ParameterDeclaration]) {
        guard let endpoint = owned.cast(to: (any Endpoint<Client>).self) else { return nil }
        let route = owned.role.route
        name = route.name
        methods = route.methods
        self.caller = caller
        acceptance = ParameterAcceptance(owned.role.parameters, credentials: credentials)
        pattern = PathPattern(of: owned)
        self.endpoint = endpoint.watching(acceptance, as: "Endpoint")
        endsTokens = route.metadata == "revocation_endpoint"
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let parameters = try acceptance.accept(try RequestBody.parameters(of: request))
        let authentication = ClientAuthentication(core, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: caller)
        trace.client = registered
        let asked = EndpointRequest(
            head: request.head, caller: registered.client,
            parameters: endpoint.watched(acceptance.withoutProofs(parameters)),
            variables: try pattern.values(in: request.head.path))
        return try await endpoint.call("Endpoint.respond") { role in
            let response = try await RecentRecords.serve {
                guard endsTokens else { return try await role.respond(to: asked) }
                return try await TokenRegistry.endingTokens { try await role.respond(to: asked) }
            }
            return try await response.commit(in: core.store, by: endpoint.owner)
        }
    }
}
