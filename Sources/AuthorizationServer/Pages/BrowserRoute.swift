// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a plugin's endpoint to users with a browser.
struct BrowserRoute: RouteHandler {
    /// The endpoint by the type of its caller.
    private enum Role {
        case user(any Endpoint<UserSession>)
        case anyone(any Endpoint<UserSession?>)

        init?(_ endpoint: any Endpoint) {
            if let endpoint = endpoint as? any Endpoint<UserSession> {
                self = .user(endpoint)
            } else if let endpoint = endpoint as? any Endpoint<UserSession?> {
                self = .anyone(endpoint)
            } else {
                return nil
            }
        }
    }

    let owned: Owned<any Endpoint>
    let name: String
    let methods: Set<String>
    let acceptance: ParameterAcceptance
    let pattern: PathPattern
    let audience = RouteAudience.people
    let requiresSession: Bool
    let takesForeignForms: Bool
    private let role: Role

    /// Nil if the endpoint is for other callers.
    init?(_ owned: Owned<any Endpoint>, requiresSession: Bool, takesForeignForms: Bool) {
        guard let role = Role(owned.role) else { return nil }
        self.role = role
        name = owned.role.route.name
        // The sign-in page at the same path posts its form there.
        methods = requiresSession ? owned.role.route.methods.union(["POST"]) : owned.role.route.methods
        acceptance = ParameterAcceptance(owned.role.parameters, credentials: [])
        pattern = PathPattern(of: owned)
        self.requiresSession = requiresSession
        self.takesForeignForms = takesForeignForms
        self.owned = owned.watching(acceptance, as: "Endpoint")
    }

    /// Whether the endpoint itself takes forms.
    var takesForms: Bool { owned.role.route.methods.contains("POST") }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) async throws -> ServerResponse {
        try await BrowserAccess(core: core, generation: generation, plan: self, head: request.head)
            .respond(to: request)
    }

    /// Calls the endpoint.
    ///
    /// - Throws: What the endpoint throws; `OAuthError` `login_required` if it requires a session and there is none.
    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        switch role {
        case .anyone(let endpoint): return try await endpoint.respond(to: request)
        case .user(let endpoint):
            guard let session = request.caller else { throw OAuthError(.loginRequired, reason: "no user is signed in") }
            let own = EndpointRequest(
                head: request.head, caller: session, parameters: request.parameters, variables: request.variables)
            return try await endpoint.respond(to: own)
        }
    }
}
