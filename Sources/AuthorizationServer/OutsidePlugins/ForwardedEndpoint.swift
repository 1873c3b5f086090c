// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An endpoint of a plugin from outside.
struct ForwardedEndpoint<Inner: Endpoint>: Endpoint {
    typealias Who = Inner.Who

    let route: Route
    let admission: Admission<Inner.Who>
    let body: BodyKind
    let parameters: [ParameterDeclaration]
    private let inner: Inner
    private let threads: PluginThreads

    init(_ inner: Inner, on threads: PluginThreads) {
        route = inner.route
        admission = inner.admission
        body = inner.body
        parameters = inner.parameters
        self.inner = inner
        self.threads = threads
    }

    func respond(to request: EndpointRequest<Inner.Who>) async throws -> EndpointResponse {
        try await threads.call("respond") { [inner] in try await inner.respond(to: request) }
    }
}
