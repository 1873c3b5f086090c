// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The form of the names that a plugin declares: words as in a scope, because requests, lists and documents contain
/// them.
enum NameForm {
    /// The rule, as the rest of a message.
    static let rule =
        "which is not a word: use ASCII letters, digits and punctuation, but no space, quotation mark or backslash"

    /// The names of a plugin that are not words, each with what has it.
    static func breaches(by plugin: RegisteredPlugin) -> [String] {
        var found: [String] = []
        for (what, name) in names(of: plugin) where !Scope.isWord(name) {
            let breach = "the \(what) '\(name)'"
            if !found.contains(breach) { found.append(breach) }
        }
        return found
    }

    /// Each name of a plugin, after what has it.
    private static func names(of plugin: RegisteredPlugin) -> [(String, String)] {
        let registry = plugin.registry
        var all: [(String, String)] = []
        // The path of a route has rules of its own, and a store has no name.
        for (kind, names) in NameClaims.names(of: registry) where kind != .path && kind != .store {
            all += names.map { (kind.rawValue, $0) }
        }
        let grants = registry.flows.map(\.grant) + registry.purposes.map(\.grant)
        all += grants.flatMap { NameClaims.names(of: $0) }.map { (NameClaim.Kind.grant.rawValue, $0) }
        all += registry.pages.map { (NameClaim.Kind.page.rawValue, $0.name) }
        all += registry.metadata.map { (NameClaim.Kind.metadata.rawValue, $0.name) }
        all += parameters(of: registry).map { ("request parameter", $0.name) }
        all += (registry.scopesOnRequest.sorted() + registry.requiredScopes.sorted()).map { ("scope value", $0) }
        return all + plugin.attributes.map { ("client attribute", $0.name) }
    }

    private static func parameters(of registry: Registry) -> [ParameterDeclaration] {
        var all = registry.grants.flatMap(\.parameters) + registry.flows.flatMap(\.parameters)
        all += registry.requestFilters.flatMap(\.parameters) + registry.tokenFilters.flatMap(\.parameters)
        all += registry.endpoints.flatMap { $0.parameters } + registry.authenticators.flatMap(\.parameters)
        return all + registry.steps.flatMap(\.fields)
    }
}
