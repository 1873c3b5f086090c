// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the token endpoint.
struct TokenRoute: RouteHandler {
    let name = "token"
    let methods: Set<String> = ["POST"]
    let audience = RouteAudience.clients

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await TokenEndpoint(core: core, generation: generation).respond(to: request, &trace)
    }
}
