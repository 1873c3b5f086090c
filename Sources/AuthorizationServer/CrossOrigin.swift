// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lets scripts of a client's own origins read answers to that client (Fetch standard, section 3.2).
enum CrossOrigin {
    /// A preflight names no client, so it is enough that some client has the origin; the answer itself is stricter.
    static func preflight(
        _ head: RequestHead, _ methods: Set<String>, _ core: ServerCore, _ generation: Generation
    ) async throws -> OutboundResponse? {
        guard let origin = head[header: "origin"], head[header: "access-control-request-method"] != nil else {
            return nil
        }
        if !generation.origins.contains(origin), try await !StoredClient.isOrigin(origin, in: core.store) { return nil }
        return OutboundResponse(
            status: 204,
            headers: [
                ("access-control-allow-origin", origin), ("vary", "Origin"),
                ("access-control-allow-methods", methods.sorted().joined(separator: ", ")),
                ("access-control-allow-headers", "Authorization, Content-Type"), ("access-control-max-age", "600"),
            ])
    }

    static func apply(
        to response: inout OutboundResponse, _ head: RequestHead, _ client: RegisteredClient?, _ generation: Generation
    ) {
        guard !generation.origins.isEmpty || client?.allowedOrigins.isEmpty == false,
            !response.headers.contains(where: { $0.name == "access-control-allow-origin" })
        else { return }
        response.headers.append(("vary", "Origin"))
        guard let origin = head[header: "origin"], let client, client.allowedOrigins.contains(origin) else { return }
        response.headers.append(("access-control-allow-origin", origin))
    }
}
