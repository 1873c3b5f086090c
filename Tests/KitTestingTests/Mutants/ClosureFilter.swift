// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A filter of authorization requests whose decision is a function.
struct ClosureFilter: Plugin, AuthorizationRequestFilter {
    typealias Apply = @Sendable (AuthorizationRequest, inout InteractionPolicy, any PluginHost) async throws -> Void

    static let manifest = PluginManifest(id: "closure-filter", summary: "is tested", specification: "")

    var parameters = [ParameterDeclaration("place", example: "here")]
    let host: any PluginHost
    let decide: Apply

    init(settings: Settings, host: any PluginHost) {
        self.init(host: host) { _, _, _ in }
    }

    init(host: any PluginHost, decide: @escaping Apply) {
        self.host = host
        self.decide = decide
    }

    func register(in registry: inout Registry) {
        registry.add(requestFilter: self)
        registry.add(
            page: "notice", template: "", texts: ["en": ["notice_title": "Notice", "notice_warning": "Known."]])
        registry.add(collection: StoreCollection("place"))
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        try await decide(request, &policy, host)
    }

    /// The filter under test, with changes.
    static func underTest(
        _ change: @escaping @Sendable (inout ClosureFilter) -> Void = { _ in }, decide: @escaping Apply
    ) -> PluginUnderTest {
        PluginUnderTest(manifest) { _, host in
            var filter = ClosureFilter(host: host, decide: decide)
            change(&filter)
            return filter
        }
    }
}
