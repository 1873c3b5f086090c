// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to users with a browser.
struct BrowserRoute: RouteHandler {
    let owned: Owned<any BrowserEndpoint>
    let name: String
    let acceptance: ParameterAcceptance
    let audience = RouteAudience.people

    var methods: Set<String> { endpoint.route.methods }
    var endpoint: any BrowserEndpoint { owned.role }

    init(_ owned: Owned<any BrowserEndpoint>) {
        name = owned.role.route.name
        acceptance = ParameterAcceptance(owned.role.parameters, credentials: [])
        self.owned = owned.watching(acceptance, as: "BrowserEndpoint")
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await BrowserAccess(core: core, generation: generation, plan: self, head: request.head)
            .respond(to: request)
    }
}
