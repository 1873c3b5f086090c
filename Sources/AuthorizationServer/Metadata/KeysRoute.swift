// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the public keys, which change while the server runs.
struct KeysRoute: RouteHandler {
    let name = "jwks"
    let methods: Set<String> = ["GET", "HEAD"]
    let audience = RouteAudience.everybody

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) -> ServerResponse {
        core.opened?.publicKeys.response(to: request.head) ?? .later("starting\n")
    }
}
