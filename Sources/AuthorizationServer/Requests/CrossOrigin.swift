// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Decides which scripts may read responses (Fetch standard section 3.2).
///
/// Preflights and responses follow the same rule, whatever the response is (decision 0030). At an endpoint for
/// programs, scripts may read if any client has registered their origin: a preflight names no client, and a refusal may
/// come before the client is known.
enum CrossOrigin {
    /// The response headers that scripts may read, apart from those that the standard always allows.
    private static let exposed = "ETag, Link, Location, Retry-After, WWW-Authenticate"
    private static let sent = "Authorization, Content-Type, If-Match, If-None-Match"
    /// No client can have a longer origin.
    private static let longest = 512

    /// The origin of a script that sends a preflight request; nil for every other request.
    static func preflight(_ head: RequestHead) -> String? {
        guard head.method == "OPTIONS", head[header: "access-control-request-method"] != nil else { return nil }
        return head[header: "origin"]
    }

    /// The response to a preflight request, for an origin that `allowed` returned and the endpoint's methods.
    static func permission(for origin: String, _ methods: [String]) -> ServerResponse {
        var response = ServerResponse(
            status: 204,
            headers: [
                ("access-control-allow-methods", methods.joined(separator: ", ")),
                ("access-control-allow-headers", sent), ("access-control-max-age", "600"),
            ])
        share(&response, with: origin)
        return response
    }

    /// The value of `Access-Control-Allow-Origin` for a request; nil if no script may read the response.
    ///
    /// If the client is known, that may save a read.
    ///
    /// - Throws: `StoreError`.
    static func allowed(
        _ audience: RouteAudience, _ head: RequestHead, _ client: RegisteredClient?, _ core: ServerCore,
        _ generation: Generation
    ) async throws -> String? {
        switch audience {
        case .people: return nil
        case .everybody: return "*"
        case .clients: break
        }
        // Origins are ASCII. Swift strings with different bytes can be equal.
        let origins = head.headers.lazy.filter { $0.name == "origin" }.map(\.value)
        guard let origin = origins.first, origins.count == 1, origin.utf8.count <= longest,
            origin.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        if client?.allowedOrigins.contains(origin) ?? false || generation.origins.contains(origin) { return origin }
        return try await StoredClient.isOrigin(origin, in: core.store) ? origin : nil
    }

    /// Lets scripts read a response, unless its endpoint has decided that already.
    static func apply(_ origin: String?, _ audience: RouteAudience, to response: inout ServerResponse) {
        guard !response.headers.contains(where: { $0.name == "access-control-allow-origin" }) else { return }
        if let origin {
            share(&response, with: origin)
        } else if case .clients = audience {
            response.headers.append(("vary", "Origin"))
        }
    }

    /// Never sends `Access-Control-Allow-Credentials`: no cookie counts where scripts may read.
    private static func share(_ response: inout ServerResponse, with origin: String) {
        response.headers.append(("access-control-allow-origin", origin))
        response.headers.append(("access-control-expose-headers", exposed))
        if origin != "*" { response.headers.append(("vary", "Origin")) }
    }
}
