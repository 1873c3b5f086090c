// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension Generation {
    /// The response types that this server supports.
    public var flows: [any AuthorizationFlow] { capabilities.flows.map(\.role) }

    /// The parameters of authorization requests that request filters read.
    public var filterParameters: [ParameterDeclaration] { capabilities.requestFilters.flatMap(\.role.parameters) }

    /// The parameters of token requests that token filters read.
    public var tokenFilterParameters: [ParameterDeclaration] { capabilities.tokenFilters.parameters }

    /// The endpoints that need an access token, each with the scope that the token must have.
    public var resourceEndpoints: [(endpoint: any Endpoint, scope: Scope)] {
        capabilities.endpoints.compactMap { owned in
            owned.role.admissionRule.scope.map { (endpoint: owned.role, scope: $0) }
        }
    }

    /// The grants of the token endpoint, sorted by `grant_type`.
    public var tokenGrants: [any TokenGrant] {
        capabilities.grants.values.map(\.role).sorted { $0.declaration.wire < $1.declaration.wire }
    }

    /// The names under which documents can list grants.
    public var grantNames: [String] { capabilities.grantNames }

    /// The grant with a name.
    public func grant(named name: String) -> GrantDeclaration? { capabilities.grant(named: name) }

    /// The active client with an id in the configuration.
    public func client(_ id: String) -> Client? { clients[id]?.client }

    /// The methods by which an active client in the configuration may authenticate.
    public func methods(of id: String) -> [String] { clients[id]?.methods ?? [] }

    /// The redirect URIs that a client has registered under each of several grants.
    ///
    /// - Parameters:
    ///   - id: The id of the client.
    ///   - keys: The keys of the grants.
    /// - Returns: The URIs, in the order in which the first grant lists them.
    public func redirectURIs(of id: String, under keys: [String]) -> [String] {
        let lists = keys.map { key in (clients[id]?.redirects[key] ?? []).map(\.text) }
        return (lists.first ?? []).filter { uri in lists.allSatisfy { $0.contains(uri) } }
    }
}
