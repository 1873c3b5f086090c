// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An endpoint for browsers of a plugin from outside.
struct ForwardedBrowserEndpoint: BrowserEndpoint {
    let route: Route
    let requiresSession: Bool
    let takesForeignForms: Bool
    let parameters: [ParameterDeclaration]
    private let inner: any BrowserEndpoint
    private let threads: PluginThreads

    init(_ inner: any BrowserEndpoint, on threads: PluginThreads) {
        route = inner.route
        requiresSession = inner.requiresSession
        takesForeignForms = inner.takesForeignForms
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func respond(to request: BrowserRequest) async throws -> EndpointResponse {
        try await threads.call("respond") { [inner] in try await inner.respond(to: request) }
    }
}
