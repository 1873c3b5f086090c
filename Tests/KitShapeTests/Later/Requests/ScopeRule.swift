// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Compares scope values that have an inner structure, at all places where the core compares scope.
protocol ScopeRule: LaterRole {
    var name: String { get }
    /// The allowed part of a scope value; nil if this rule does not apply to it and equality decides.
    func narrow(allowed: Scope, requested: String) -> [String]?
}

extension ScopeRule {
    var line: String { "scope rule \(name)" }
}

extension Scope {
    /// For the host: what two sides allow.
    func narrowed(to allowed: Scope, by rules: [any ScopeRule]) -> Scope {
        Scope(
            words.flatMap { word in
                rules.lazy.compactMap { $0.narrow(allowed: allowed, requested: word) }.first
                    ?? (allowed.contains(word) ? [word] : [])
            })
    }
}
