// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the authorization endpoint.
struct AuthorizationRoute: RouteHandler {
    let plan: AuthorizationPlan
    let name = "authorize"
    let methods: Set<String> = ["GET", "POST"]
    let audience = RouteAudience.people

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await AuthorizationEndpoint(core: core, generation: generation, plan: plan, head: request.head)
            .request(request, &trace)
    }
}
