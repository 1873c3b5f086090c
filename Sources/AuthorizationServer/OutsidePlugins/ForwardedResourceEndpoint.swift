// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An endpoint of a plugin from outside that needs an access token.
struct ForwardedResourceEndpoint: ResourceEndpoint {
    let route: Route
    let scope: Scope
    let parameters: [ParameterDeclaration]
    let takesJSON: Bool
    private let inner: any ResourceEndpoint
    private let threads: PluginThreads

    init(_ inner: any ResourceEndpoint, on threads: PluginThreads) {
        route = inner.route
        scope = inner.scope
        parameters = inner.parameters
        takesJSON = inner.takesJSON
        self.inner = inner
        self.threads = threads
    }

    func respond(to request: ResourceRequest) async throws -> EndpointResponse {
        try await threads.call("respond") { [inner] in try await inner.respond(to: request) }
    }
}
