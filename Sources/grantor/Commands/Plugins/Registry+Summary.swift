// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit

extension Registry {
    /// A one-line list of what a plugin does, or else of what it declares.
    var summary: String {
        let parts = actions.isEmpty ? declarations : actions
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }

    /// A phrase for everything that a plugin adds.
    var additions: [String] { actions + declarations }

    /// What runs for requests, tokens and events.
    private var actions: [String] {
        var parts = grants.map { "grant \($0.declaration.wire)" } + formats.map { "token format \($0.name)" }
        parts += products.flatMap(\.types).map { "token type \($0)" }
        // Each format is among the resolvers.
        parts += resolvers.dropFirst(formats.count).map { _ in "a resolver of other tokens" }
        parts += extensions.flatMap(\.members).map { "response member \($0)" }
        parts += extensions.filter { $0.members.isEmpty }.map { _ in "a look at every token, which it may refuse" }
        parts += authenticators.flatMap { $0.methods }.map { "client authentication \($0.name)" }
        parts += flows.map { "response type \($0.word)" } + steps.map { "sign-in step \($0.name)" }
        parts += purposes.map { "purpose \($0.name)" }
        parts += endpoints.map { "endpoint \($0.route.pathBelowBase)" }
        parts += documents.map { "document \($0.name)" } + stores.map { _ in "the store" }
        parts += requestFilters.map { _ in "a filter of authorization requests" }
        parts += tokenFilters.map { _ in "a filter of token requests" }
        parts += revocationParticipants.map { _ in "a part in every revocation" }
        parts += outboxes.map { _ in "an outbox, which adds writes to the changes that events are about" }
        parts += jobs.map { "job \($0.name)" } + eventSinks.map { _ in "a record of events" }
        return parts
    }

    /// What the plugin declares for the server and its store, for users and for clients.
    private var declarations: [String] {
        var parts = claimsSources.map { "claims: \($0.claims.joined(separator: ", "))" }
        parts += pages.map { "page \($0.name)" } + collections.map { "collection \($0.name)" }
        parts += scopesOnRequest.sorted().map { "scope value \($0), granted only on request" }
        parts += requiredScopes.sorted().map { "scope value \($0), which users cannot deselect" }
        parts += issuers.map { "trusted issuer \($0.name)" }
        parts += signingAlgorithms.map { "a key for \($0)" }
        parts += metadata.map { "metadata member \($0.name)" }
        if let reasonAgainstIsolation { parts.append("no process of its own: \(reasonAgainstIsolation)") }
        if !parameters.isEmpty { parts.append("request parameters: \(parameters.joined(separator: ", "))") }
        return parts
    }

    /// The names of the request parameters that the plugin reads.
    private var parameters: [String] {
        var all = grants.flatMap(\.parameters) + flows.flatMap(\.parameters)
        all += requestFilters.flatMap(\.parameters) + tokenFilters.flatMap(\.parameters)
        all += endpoints.flatMap { $0.parameters } + authenticators.flatMap { $0.parameters }
        return Set(all.map(\.name)).sorted()
    }
}
