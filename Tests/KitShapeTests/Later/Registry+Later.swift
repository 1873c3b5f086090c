// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Carries a role for which the registry has no list yet.
///
/// An extension can't add stored properties, so what is registered here rides along as a resolver that knows no token.
private struct Carrier<Role: Sendable>: TokenResolver {
    let role: Role

    func resolve(_ value: String) async throws -> ResolvedToken? { nil }
}

/// A document below `/.well-known`, made from the server's metadata.
struct WellKnownDocument: Sendable {
    var name: String
    var content: @Sendable (_ metadata: JSON) -> JSON
}

extension Registry {
    private mutating func carry<Role: Sendable>(_ role: Role, as type: Role.Type) {
        add(resolver: Carrier(role: role))
    }

    private func carried<Role: Sendable>(_ type: Role.Type) -> [Role] {
        resolvers.compactMap { ($0 as? Carrier<Role>)?.role }
    }

    var flows: [any AuthorizationFlow] { carried((any AuthorizationFlow).self) }
    var requestFilters: [any AuthorizationRequestFilter] { carried((any AuthorizationRequestFilter).self) }
    var requestResolvers: [any AuthorizationRequestResolver] { carried((any AuthorizationRequestResolver).self) }
    var tokenFilters: [any TokenRequestFilter] { carried((any TokenRequestFilter).self) }
    var proofs: [any PossessionProof] { carried((any PossessionProof).self) }
    var scopeRules: [any ScopeRule] { carried((any ScopeRule).self) }
    var steps: [any InteractionStep] { carried((any InteractionStep).self) }
    var purposes: [any InteractionPurpose] { carried((any InteractionPurpose).self) }
    var resourceEndpoints: [any ResourceEndpoint] { carried((any ResourceEndpoint).self) }
    var browserEndpoints: [any BrowserEndpoint] { carried((any BrowserEndpoint).self) }
    var documents: [WellKnownDocument] { carried(WellKnownDocument.self) }

    mutating func add(flow: some AuthorizationFlow) {
        carry(flow, as: (any AuthorizationFlow).self)
    }

    // Each filter has a label of its own, so that one type may be both.
    mutating func add(requestFilter: some AuthorizationRequestFilter) {
        carry(requestFilter, as: (any AuthorizationRequestFilter).self)
    }

    mutating func add(tokenFilter: some TokenRequestFilter) {
        carry(tokenFilter, as: (any TokenRequestFilter).self)
    }

    mutating func add(requestResolver: some AuthorizationRequestResolver) {
        carry(requestResolver, as: (any AuthorizationRequestResolver).self)
    }

    mutating func add(proof: some PossessionProof) {
        carry(proof, as: (any PossessionProof).self)
    }

    mutating func add(scopeRule: some ScopeRule) {
        carry(scopeRule, as: (any ScopeRule).self)
    }

    mutating func add(step: some InteractionStep) {
        carry(step, as: (any InteractionStep).self)
    }

    mutating func add(purpose: some InteractionPurpose) {
        carry(purpose, as: (any InteractionPurpose).self)
    }

    mutating func add(resourceEndpoint: some ResourceEndpoint) {
        carry(resourceEndpoint, as: (any ResourceEndpoint).self)
    }

    mutating func add(browserEndpoint: some BrowserEndpoint) {
        carry(browserEndpoint, as: (any BrowserEndpoint).self)
    }

    mutating func add(document name: String, _ content: @escaping @Sendable (_ metadata: JSON) -> JSON) {
        carry(WellKnownDocument(name: name, content: content), as: WellKnownDocument.self)
    }
}
