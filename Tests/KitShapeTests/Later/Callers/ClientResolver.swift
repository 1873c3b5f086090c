// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client that no one has registered, as it describes itself.
struct ResolvedClient: Sendable {
    /// Its registration in the members of RFC 7591.
    ///
    /// The core validates it as it does any other.
    var registration: JSON
    var ceiling: ClientCeiling
    /// When it has to be resolved again.
    var goodUntil: Timestamp
    /// What the consent page says about it.
    var warnings: [ConsentWarning] = []
}

/// Finds clients that are neither in the configuration nor in the store.
protocol ClientResolver: LaterRole {
    /// What the identifiers of such clients start with.
    var prefix: String { get }
    func resolve(_ id: String) async throws -> ResolvedClient?
}

extension ClientResolver {
    var line: String { "resolves clients \(prefix)" }
}

/// The most that a client can give itself.
struct ClientCeiling: Sendable {
    var grants: [String]
    var scope: Scope
    /// The authentication methods, the preferred one first.
    var methods: [String]
    /// The other members that a registration may set.
    ///
    /// A setting or attribute that is not named here stays unset.
    var members: [String]

    /// The registration without what the ceiling forbids, which is left out and not refused (RFC 7591 section 2).
    func clip(_ registration: JSON) -> JSON {
        var clipped = JSON.object(registration.members.filter { members.contains($0.name) })
        clipped["grant_types"] = .strings(registration["grant_types"]?.strings.filter(grants.contains) ?? grants)
        let words = registration["scope"]?.string.map { $0.split(separator: " ").map(String.init) }
        clipped["scope"] = .string((words.map { Scope($0).filter(scope.contains) } ?? scope).description)
        let method = registration["token_endpoint_auth_method"]?.string
        clipped["token_endpoint_auth_method"] = (method.flatMap { methods.contains($0) ? $0 : nil } ?? methods.first)
            .map(JSON.string)
        return clipped
    }
}
