// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

/// Everything that a plugin adds to the server, for tests of the plugin.
public struct TestRegistry: Sendable {
    private let registry: Registry

    /// Lets a plugin register.
    ///
    /// - Throws: The errors of the plugin's `register`.
    public init(_ plugin: some Plugin) throws {
        var registry = Registry()
        try plugin.register(in: &registry)
        self.registry = registry
    }

    /// The grants.
    public var grants: [any TokenGrant] { registry.grants }
    /// The extensions of responses.
    public var extensions: [any ResponseExtension] { registry.extensions }
    /// The token formats.
    public var formats: [any TokenFormat] { registry.formats }
    /// The products.
    public var products: [any TokenProduct] { registry.products }
    /// The token resolvers, including the token formats.
    public var resolvers: [any TokenResolver] { registry.resolvers }
    /// The endpoints.
    public var endpoints: [any Endpoint] { registry.endpoints }
    /// The authenticators of clients.
    public var authenticators: [any ClientAuthenticator] { registry.authenticators }
    /// The trusted issuers.
    public var issuers: [ForeignIssuer] { registry.issuers }
    /// The flows of the authorization endpoint.
    public var flows: [any AuthorizationFlow] { registry.flows }
    /// The filters of authorization requests.
    public var requestFilters: [any AuthorizationRequestFilter] { registry.requestFilters }
    /// The filters of token requests.
    public var tokenFilters: [any TokenRequestFilter] { registry.tokenFilters }
    /// The steps of sign-in and consent.
    public var steps: [any InteractionStep] { registry.steps }
    /// The purposes of interactions that do not begin at the authorization endpoint.
    public var purposes: [any InteractionPurpose] { registry.purposes }
    /// The sources of claims.
    public var claimsSources: [any ClaimsSource] { registry.claimsSources }
    /// The participants in revocations.
    public var revocationParticipants: [any RevocationParticipant] { registry.revocationParticipants }
    /// The outboxes.
    public var outboxes: [any EventOutbox] { registry.outboxes }
    /// The handlers of jobs.
    public var jobs: [any JobHandler] { registry.jobs }
    /// The pages.
    public var pages: [RegisteredPage] { registry.pages.map(RegisteredPage.init) }
    /// The keys of all strings of the pages in English.
    var keys: [String] { pages.flatMap { Array(($0.texts["en"] ?? [:]).keys) } }
    /// The documents below `/.well-known`.
    public var documents: [RegisteredDocument] { registry.documents.map(RegisteredDocument.init) }
    /// The event sinks.
    public var eventSinks: [any EventSink] { registry.eventSinks }
    /// The stores.
    public var stores: [any Store] { registry.stores }
    /// The collections in the store.
    public var collections: [StoreCollection] { registry.collections }
    /// The scope values that are granted only if a request names them.
    public var scopesOnRequest: Set<String> { registry.scopesOnRequest }
    /// The scope values that the user cannot deselect.
    public var requiredScopes: Set<String> { registry.requiredScopes }
    /// The signature algorithms for which the server must have a key.
    public var signingAlgorithms: [String] { registry.signingAlgorithms }
    /// The members of the server's metadata.
    public var metadata: [(name: String, value: MetadataValue)] { registry.metadata }
}
