// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to clients that authenticate.
struct ClientRoute: RouteHandler {
    private let endpoint: Owned<any Endpoint>
    let name: String
    let methods: Set<String>
    let audience = RouteAudience.clients
    private let caller: ClientRequirement
    private let acceptance: ParameterAcceptance
    /// Whether clients revoke their tokens here, which RFC 8414 section 2 marks in the metadata.
    private let endsTokens: Bool

    init(_ owned: Owned<any Endpoint>) {
        name = owned.role.route.name
        methods = owned.role.route.methods
        caller = owned.role.caller
        acceptance = ParameterAcceptance(owned.role.parameters)
        endpoint = owned.watching(acceptance, as: "Endpoint")
        endsTokens = owned.role.route.metadata == "revocation_endpoint"
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let parameters = try acceptance.accept(try RequestBody.parameters(of: request))
        let authentication = ClientAuthentication(core, generation)
        let registered = try await authentication.authenticate(request.head, parameters, as: caller)
        trace.client = registered
        let asked = EndpointRequest(
            head: request.head, parameters: endpoint.watched(parameters), client: registered.client)
        return try await endpoint.call("Endpoint.respond") { role in
            let response = try await RecentRecords.serve {
                guard endsTokens else { return try await role.respond(to: asked) }
                return try await TokenRegistry.endingTokens { try await role.respond(to: asked) }
            }
            return try await response.commit(in: core.store, by: endpoint.owner)
        }
    }
}
