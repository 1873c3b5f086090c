// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to users with a browser.
struct BrowserRoute: RouteHandler {
    let endpoint: any BrowserEndpoint
    let owner: DeclaredCollections
    let name: String
    let acceptance: ParameterAcceptance
    let audience = RouteAudience.people

    var methods: Set<String> { endpoint.route.methods }

    init(_ owned: Owned<any BrowserEndpoint>) {
        endpoint = owned.role
        owner = owned.owner
        name = endpoint.route.name
        acceptance = ParameterAcceptance(endpoint.parameters, credentials: [])
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await BrowserAccess(core: core, generation: generation, plan: self, head: request.head)
            .respond(to: request)
    }
}
