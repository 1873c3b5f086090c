// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A plugin that adds what a function says.
struct EndpointsPlugin: Plugin {
    typealias Parts = @Sendable (inout Registry, any PluginHost) -> Void

    static let manifest = PluginManifest(id: "endpoints-plugin", summary: "is tested", specification: "")

    let host: any PluginHost
    let parts: Parts

    init(settings: Settings, host: any PluginHost) {
        self.init(host: host) { _, _ in }
    }

    init(host: any PluginHost, parts: @escaping Parts) {
        self.host = host
        self.parts = parts
    }

    func register(in registry: inout Registry) {
        parts(&registry, host)
    }

    static func underTest(_ parts: @escaping Parts) -> PluginUnderTest {
        PluginUnderTest(manifest) { _, host in EndpointsPlugin(host: host, parts: parts) }
    }
}

/// An endpoint whose response is a function.
struct ClosureEndpoint<Who: Caller>: Endpoint {
    typealias Answer = @Sendable (EndpointRequest<Who>, any PluginHost) async throws -> EndpointResponse

    var route: Route
    let admission: Admission<Who>
    var body = BodyKind.form
    var parameters: [ParameterDeclaration] = []
    let host: any PluginHost
    let answer: Answer

    init(
        _ methods: Set<String>, _ path: String, _ admission: Admission<Who>,
        parameters: [ParameterDeclaration] = [], host: any PluginHost, answer: @escaping Answer
    ) {
        route = Route(methods, path)
        self.admission = admission
        self.parameters = parameters
        self.host = host
        self.answer = answer
    }

    func respond(to request: EndpointRequest<Who>) async throws -> EndpointResponse {
        try await answer(request, host)
    }
}
