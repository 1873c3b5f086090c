// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the pages to which the authorization endpoint leads.
struct InteractionRoute: RouteHandler {
    let plan: AuthorizationPlan
    let name = "interaction"
    let methods: Set<String> = ["GET", "POST"]
    let audience = RouteAudience.people

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await AuthorizationEndpoint(core: core, generation: generation, plan: plan, head: request.head)
            .interaction(request, &trace)
    }
}
