// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Which scripts may read answers (Fetch standard section 3.2).
///
/// Preflights and answers follow one rule, whatever the answer is (decision 0030): of an endpoint for programs it is
/// that some client has the script's origin. A preflight names no client, and a refusal may come before one is known.
enum CrossOrigin {
    /// What a script needs beyond the headers that the standard always shows it.
    private static let exposed = "ETag, Link, Location, Retry-After, WWW-Authenticate"
    private static let sent = "Authorization, Content-Type, If-Match, If-None-Match"
    /// No origin that a client can have is longer.
    private static let longest = 512

    /// The origin of the script that asks whether it may send a request; nil of every other request.
    static func preflight(_ head: RequestHead) -> String? {
        guard head.method == "OPTIONS", head[header: "access-control-request-method"] != nil else { return nil }
        return head[header: "origin"]
    }

    /// The answer that lets a script send, by what `allowed` gave and the methods that the endpoint takes.
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

    /// The value of `Access-Control-Allow-Origin` for a request, or nil if no script may read its answer.
    ///
    /// The client may save a read, where it is known.
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
        // An origin is ASCII; Swift would take other bytes that look alike for the same string.
        let origins = head.headers.lazy.filter { $0.name == "origin" }.map(\.value)
        guard let origin = origins.first, origins.count == 1, origin.utf8.count <= longest,
            origin.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        if client?.allowedOrigins.contains(origin) ?? false || generation.origins.contains(origin) { return origin }
        return try await StoredClient.isOrigin(origin, in: core.store) ? origin : nil
    }

    /// Lets scripts read an answer, unless its endpoint has decided that itself.
    static func apply(_ origin: String?, _ audience: RouteAudience, to response: inout ServerResponse) {
        guard !response.headers.contains(where: { $0.name == "access-control-allow-origin" }) else { return }
        if let origin {
            share(&response, with: origin)
        } else if case .clients = audience {
            response.headers.append(("vary", "Origin"))
        }
    }

    /// Never with `Access-Control-Allow-Credentials`: no cookie counts where scripts may read.
    private static func share(_ response: inout ServerResponse, with origin: String) {
        response.headers.append(("access-control-allow-origin", origin))
        response.headers.append(("access-control-expose-headers", exposed))
        if origin != "*" { response.headers.append(("vary", "Origin")) }
    }
}
