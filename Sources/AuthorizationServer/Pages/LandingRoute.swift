// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Serves the page at the issuer's own address: what people can do here, one link each.
struct LandingRoute: RouteHandler {
    let name = "landing"
    let methods: Set<String> = ["GET"]
    let audience = RouteAudience.people

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        let (session, _) = try await core.sessionRegistry.current(request.head)
        let links = generation.capabilities.accountPages.map { route -> JSON in
            ["page": .string(route.name), "address": .string(generation.address(of: route))]
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
    var hasPages: Bool { !flows.isEmpty || endpoints.contains { $0.role.admissionRule.isForBrowsers } }

    /// The pages on which people see what is theirs.
    var accountPages: [Route] {
        endpoints.filter { $0.role.admissionRule.requiresSession }.map { $0.role.route }
            .filter { $0.methods.contains("GET") }
    }

    /// The page by which people sign out (OpenID Connect RP-Initiated Logout 1.0 section 2.1).
    var signOutPage: Route? {
        endpoints.filter { $0.role.admissionRule.isForBrowsers }.map { $0.role.route }
            .first { $0.metadata == "end_session_endpoint" }
    }
}
