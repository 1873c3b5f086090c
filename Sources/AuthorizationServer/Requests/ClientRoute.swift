// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to clients that authenticate.
struct ClientRoute: RouteHandler {
    private let endpoint: any Endpoint
    private let owner: DeclaredCollections
    let name: String
    let methods: Set<String>
    let audience = RouteAudience.clients
    private let caller: ClientRequirement
    private let acceptance: ParameterAcceptance
    /// Whether clients revoke their tokens here, which RFC 8414 section 2 marks in the metadata.
    private let endsTokens: Bool

    init(_ owned: Owned<any Endpoint>) {
        endpoint = owned.role
        owner = owned.owner
        name = endpoint.route.name
        methods = endpoint.route.methods
        caller = endpoint.caller
        acceptance = ParameterAcceptance(endpoint.parameters)
        endsTokens = endpoint.route.metadata == "revocation_endpoint"
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let parameters = try acceptance.accept(try RequestBody.parameters(of: request))
        let authentication = ClientAuthentication(core, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: caller)
        trace.client = registered
        let asked = EndpointRequest(head: request.head, parameters: parameters, client: registered.client)
        let response = try await RecentRecords.serve {
            guard endsTokens else { return try await endpoint.respond(to: asked) }
            return try await TokenRegistry.endingTokens { try await endpoint.respond(to: asked) }
        }
        return try await response.commit(in: core.store, by: owner)
    }
}
