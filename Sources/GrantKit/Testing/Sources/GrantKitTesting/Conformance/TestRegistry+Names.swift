// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension TestRegistry {
    /// The names of everything that has one, after what has it.
    var names: [(what: String, name: String)] {
        let all: [(String, [String])] = [
            ("collection", collections.map(\.name)), ("index", collections.flatMap(\.indexes)),
            ("token format", formats.map(\.name)),
            ("token type", products.flatMap(\.types)), ("trusted issuer", issuers.map(\.name)),
            ("job", jobs.map(\.name)), ("step", steps.map(\.name)),
            ("form field", steps.flatMap(\.fields).map(\.name)), ("purpose", purposes.map(\.name)),
            ("page", pages.map(\.name)), ("document", documents.map(\.name)), ("metadata", metadata.map(\.name)),
            ("response member", extensions.flatMap(\.members)), ("response type", flows.map(\.word)),
            ("authentication method", authenticators.flatMap { $0.methods }.map(\.name)),
            ("scope value", scopesOnRequest.sorted()), ("scope value", requiredScopes.sorted()),
            ("signature algorithm", signingAlgorithms),
            ("grant", grants.flatMap { TestRegistry.names(of: $0.declaration) }),
        ]
        return all.flatMap { entry in entry.1.map { (what: entry.0, name: $0) } }
    }

    private static func names(of grant: GrantDeclaration) -> [String] {
        [grant.wire, grant.key] + grant.aliases
    }

    /// Everything that a plugin adds, as far as it can be compared.
    var outline: [String] {
        var all = names.map { "the \($0.what) '\($0.name)'" }
        all += endpoints.map { "the path '\($0.route.path)'" }
        all += claimsSources.flatMap { $0.claims }.map { "the claim '\($0)'" }
        all += roles.map { "a \($0.rawValue)" }.sorted()
        return all + ["\(resolvers.count) resolvers", "\(eventSinks.count) event sinks", "\(stores.count) stores"]
    }
}
