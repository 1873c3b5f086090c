// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves the page at the issuer's own address: what people can do here, one link each.
struct LandingRoute: RouteHandler {
    let name = "landing"
    let methods: Set<String> = ["GET"]
    let audience = RouteAudience.people

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let (session, _) = try await core.sessionRegistry.current(request.head)
        let links = generation.capabilities.accountPages.map { endpoint -> JSON in
            ["page": .string(endpoint.route.name), "address": .string(generation.address(of: endpoint))]
        }
        var values: JSON = ["links": .array(links)]
        if let session {
            values["user"] = ["name": .string(session.user.displayName)]
            values["sign_out"] = generation.capabilities.signOutPage.map { .string(generation.address(of: $0)) }
        }
        return try PageResponder(core: core, generation: generation)
            .render("landing", values, PagePolicy(), in: Languages.accepted(by: request.head))
    }
}

extension Capabilities {
    /// Whether people are shown pages.
    var hasPages: Bool { !flows.isEmpty || !browserEndpoints.isEmpty }

    /// The pages on which people see what is theirs.
    var accountPages: [any BrowserEndpoint] {
        browserEndpoints.map(\.role).filter { $0.requiresSession && $0.route.methods.contains("GET") }
    }

    /// The page by which people sign out (OpenID Connect RP-Initiated Logout 1.0 section 2.1).
    var signOutPage: (any BrowserEndpoint)? {
        browserEndpoints.map(\.role).first { $0.route.metadata == "end_session_endpoint" }
    }
}
