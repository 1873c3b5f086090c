// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Carries a role for which the registry has no list yet.
///
/// An extension cannot add stored properties, so what is registered here is stored as a resolver that resolves no
/// token.
private struct Carrier<Role: Sendable>: TokenResolver {
    let role: Role

    func resolve(_ value: String) async throws -> ResolvedToken? { nil }
}

extension Registry {
    private mutating func carry<Role: Sendable>(_ role: Role, as type: Role.Type) {
        add(resolver: Carrier(role: role))
    }

    private func carried<Role: Sendable>(_ type: Role.Type) -> [Role] {
        resolvers.compactMap { ($0 as? Carrier<Role>)?.role }
    }

    var requestResolvers: [any AuthorizationRequestResolver] { carried((any AuthorizationRequestResolver).self) }
    var proofs: [any PossessionProof] { carried((any PossessionProof).self) }
    var scopeRules: [any ScopeRule] { carried((any ScopeRule).self) }

    mutating func add(requestResolver: some AuthorizationRequestResolver) {
        carry(requestResolver, as: (any AuthorizationRequestResolver).self)
    }

    mutating func add(proof: some PossessionProof) {
        carry(proof, as: (any PossessionProof).self)
    }

    mutating func add(scopeRule: some ScopeRule) {
        carry(scopeRule, as: (any ScopeRule).self)
    }
}
