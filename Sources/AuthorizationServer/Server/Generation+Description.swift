// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension Generation {
    /// The words of `response_type` that are served.
    public var flows: [any AuthorizationFlow] { capabilities.flows }

    /// The parameters of authorization requests that no flow reads alone.
    public var filterParameters: [ParameterDeclaration] { capabilities.requestFilters.flatMap(\.parameters) }

    /// What is served to whoever presents an access token.
    public var resourceEndpoints: [any ResourceEndpoint] { capabilities.resourceEndpoints }

    /// The grants of the token endpoint, in the order of their names.
    public var tokenGrants: [any TokenGrant] {
        capabilities.grants.values.sorted { $0.declaration.wire < $1.declaration.wire }
    }

    /// The names by which grants are known.
    public var grantNames: [String] { capabilities.grantNames }

    /// The grant that somebody means by one of its names.
    public func grant(named name: String) -> GrantDeclaration? { capabilities.grant(named: name) }

    /// An active client.
    public func client(_ id: String) -> Client? { clients[id]?.client }

    /// Where answers to a client may be sent under all of several grants.
    ///
    /// - Parameters:
    ///   - id: The client's id.
    ///   - keys: The keys of the grants.
    /// - Returns: The URIs in the order of the first grant's.
    public func redirectURIs(of id: String, under keys: [String]) -> [String] {
        let lists = keys.map { key in (clients[id]?.redirects[key] ?? []).map(\.text) }
        return (lists.first ?? []).filter { uri in lists.allSatisfy { $0.contains(uri) } }
    }
}
