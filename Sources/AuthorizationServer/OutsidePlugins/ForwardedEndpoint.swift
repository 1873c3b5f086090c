// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An endpoint for clients of a plugin from outside.
struct ForwardedEndpoint: Endpoint {
    let route: Route
    let caller: ClientRequirement
    let parameters: [ParameterDeclaration]
    private let inner: any Endpoint
    private let threads: PluginThreads

    init(_ inner: any Endpoint, on threads: PluginThreads) {
        route = inner.route
        caller = inner.caller
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func respond(to request: EndpointRequest) async throws -> EndpointResponse {
        try await threads.call("respond") { [inner] in try await inner.respond(to: request) }
    }
}
