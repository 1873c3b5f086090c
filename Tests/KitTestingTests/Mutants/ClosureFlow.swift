// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A flow of the authorization endpoint whose decisions are functions.
struct ClosureFlow: Plugin, AuthorizationFlow {
    typealias Validate = @Sendable (AuthorizationRequest, any PluginHost) async throws -> Void
    typealias Respond = @Sendable (inout Issuance, AuthorizationRequest, any PluginHost) async throws -> Void

    static let manifest = PluginManifest(id: "closure-flow", summary: "is tested", specification: "")

    var word = "ticket"
    var grant = GrantDeclaration("ticket_grant", client: .identified)
    var delivery = Delivery.query
    var issuesAccessToken = false
    var parameters = [ParameterDeclaration("place", example: "here")]
    let host: any PluginHost
    let validating: Validate
    let responding: Respond

    init(settings: Settings, host: any PluginHost) {
        self.init(host: host, validate: { _, _ in }, respond: { _, _, _ in })
    }

    init(host: any PluginHost, validate: @escaping Validate, respond: @escaping Respond) {
        self.host = host
        validating = validate
        responding = respond
    }

    func register(in registry: inout Registry) {
        registry.add(flow: self)
        registry.add(collection: StoreCollection("ticket"))
    }

    func validate(_ request: AuthorizationRequest) async throws {
        try await validating(request, host)
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        try await responding(&issuance, request, host)
    }

    /// The flow under test, with changes.
    static func underTest(
        _ change: @escaping @Sendable (inout ClosureFlow) -> Void = { _ in },
        validate: @escaping Validate = { _, _ in }, respond: @escaping Respond
    ) -> PluginUnderTest {
        PluginUnderTest(manifest) { _, host in
            var flow = ClosureFlow(host: host, validate: validate, respond: respond)
            change(&flow)
            return flow
        }
    }
}
