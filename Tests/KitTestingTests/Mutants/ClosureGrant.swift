// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A grant whose decision is a function.
struct ClosureGrant: Plugin, TokenGrant {
    typealias Decide = @Sendable (TokenRequest, any PluginHost) async throws -> Authorization

    static let manifest = PluginManifest(id: "closure-grant", summary: "is tested", specification: "")

    var declaration = GrantDeclaration("ticket", client: .confidential)
    var parameters = [ParameterDeclaration("ticket", required: true, example: "t-1")]
    let host: any PluginHost
    let decide: Decide

    init(settings: Settings, host: any PluginHost) {
        self.init(host: host) { request, _ in
            Authorization(subject: .client(request.client.id), limits: request.allowed)
        }
    }

    init(host: any PluginHost, decide: @escaping Decide) {
        self.host = host
        self.decide = decide
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(collection: StoreCollection("ticket"))
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        try await decide(request, host)
    }

    /// The grant under test, with changes.
    static func underTest(
        _ change: @escaping @Sendable (inout ClosureGrant) -> Void = { _ in }, decide: @escaping Decide
    ) -> PluginUnderTest {
        PluginUnderTest(manifest) { _, host in
            var grant = ClosureGrant(host: host, decide: decide)
            change(&grant)
            return grant
        }
    }
}
