// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the icon where browsers look for one without having seen a page.
struct IconRoute: RouteHandler {
    let name = "icon"
    let methods: Set<String> = ["GET"]
    let audience = RouteAudience.everybody

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        guard let icon = PageResponder(core: core, generation: generation).icon else {
            return .json(["error": "not_found"], status: 404)
        }
        return ServerResponse(
            status: 200,
            headers: [("content-type", icon.type), ("cache-control", "public, max-age=86400"), PageAsset.policy],
            body: icon.bytes)
    }
}
