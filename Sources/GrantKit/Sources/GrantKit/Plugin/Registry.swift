// SPDX-License-Identifier: Apache-2.0

/// Everything that one plugin adds to the server, by role.
///
/// Only the host reads the lists. Tests of plugins read them with `TestRegistry` of `GrantKitTesting`.
public struct Registry: Sendable {
    /// The grants.
    @_spi(Host)
    public private(set) var grants: [any TokenGrant] = []
    /// The extensions of responses.
    @_spi(Host)
    public private(set) var extensions: [any ResponseExtension] = []
    /// The token formats.
    @_spi(Host)
    public private(set) var formats: [any TokenFormat] = []
    /// The products.
    @_spi(Host)
    public private(set) var products: [any TokenProduct] = []
    /// The token resolvers, including the token formats.
    @_spi(Host)
    public private(set) var resolvers: [any TokenResolver] = []
    /// The endpoints.
    @_spi(Host)
    public private(set) var endpoints: [any Endpoint] = []
    /// The authenticators of clients.
    @_spi(Host)
    public private(set) var authenticators: [any ClientAuthenticator] = []
    /// The trusted issuers.
    @_spi(Host)
    public private(set) var issuers: [ForeignIssuer] = []
    /// The flows of the authorization endpoint.
    @_spi(Host)
    public private(set) var flows: [any AuthorizationFlow] = []
    /// The filters of authorization requests.
    @_spi(Host)
    public private(set) var requestFilters: [any AuthorizationRequestFilter] = []
    /// The filters of token requests.
    @_spi(Host)
    public private(set) var tokenFilters: [any TokenRequestFilter] = []
    /// The steps of sign-in and consent.
    @_spi(Host)
    public private(set) var steps: [any InteractionStep] = []
    /// The purposes of interactions that do not begin at the authorization endpoint.
    @_spi(Host)
    public private(set) var purposes: [any InteractionPurpose] = []
    /// The sources of claims.
    @_spi(Host)
    public private(set) var claimsSources: [any ClaimsSource] = []
    /// The participants in revocations.
    @_spi(Host)
    public private(set) var revocationParticipants: [any RevocationParticipant] = []
    /// The outboxes for events.
    @_spi(Host)
    public private(set) var outboxes: [any EventOutbox] = []
    /// The handlers of background jobs.
    @_spi(Host)
    public private(set) var jobs: [any JobHandler] = []
    /// The pages.
    @_spi(Host)
    public private(set) var pages: [PageTemplate] = []
    /// The documents below `/.well-known`.
    @_spi(Host)
    public private(set) var documents: [WellKnownDocument] = []
    /// The sinks for events.
    @_spi(Host)
    public private(set) var eventSinks: [any EventSink] = []
    /// The stores.
    @_spi(Host)
    public private(set) var stores: [any Store] = []
    /// The plugin's collections in the store.
    @_spi(Host)
    public private(set) var collections: [StoreCollection] = []
    /// The scope values that are granted only if a request names them.
    @_spi(Host)
    public private(set) var scopesOnRequest: Set<String> = []
    /// The scope values that the user cannot deselect.
    @_spi(Host)
    public private(set) var requiredScopes: Set<String> = []
    /// The signature algorithms for which the server must have a key.
    @_spi(Host)
    public private(set) var signingAlgorithms: [String] = []
    /// The members of the server's metadata.
    @_spi(Host)
    public private(set) var metadata: [(name: String, value: MetadataValue)] = []
    /// Why the plugin can run only in the server's own process; nil if it can run in another one.
    @_spi(Host)
    public private(set) var reasonAgainstIsolation: String?
    /// Whether the plugin is called with messages, because it is in another process or language, and sees only what these
    /// contain.
    @_spi(Host)
    public var isCalledWithMessages = false
    /// What checks the client attributes whose types are in another process; nil if there are none.
    @_spi(Host)
    public var attributeCheck: (any AttributeCheck)?

    /// For the host: makes an empty registry.
    @_spi(Host)
    public init() {}

    /// Adds a grant.
    public mutating func add(grant: some TokenGrant) {
        grants.append(grant)
    }

    /// Adds an extension of responses.
    public mutating func add(extension: some ResponseExtension) {
        extensions.append(`extension`)
    }

    /// Adds a token format, which is also the resolver of its tokens.
    public mutating func add(format: some TokenFormat) {
        formats.append(format)
        resolvers.append(format)
    }

    /// Adds a product, which makes tokens that are not access tokens of this server.
    public mutating func add(product: some TokenProduct) {
        products.append(product)
    }

    /// Adds a resolver of tokens that are not access tokens.
    public mutating func add(resolver: some TokenResolver) {
        resolvers.append(resolver)
    }

    /// Adds an endpoint.
    public mutating func add(endpoint: some Endpoint) {
        endpoints.append(endpoint)
    }

    /// Adds an authenticator of clients.
    public mutating func add(authenticator: some ClientAuthenticator) {
        authenticators.append(authenticator)
    }

    /// Adds an issuer whose tokens other plugins may accept too.
    public mutating func add(issuer: ForeignIssuer) {
        issuers.append(issuer)
    }

    /// Adds a flow of the authorization endpoint.
    public mutating func add(flow: some AuthorizationFlow) {
        flows.append(flow)
    }

    /// Adds a filter of authorization requests.
    public mutating func add(requestFilter: some AuthorizationRequestFilter) {
        requestFilters.append(requestFilter)
    }

    /// Adds a filter of token requests.
    public mutating func add(tokenFilter: some TokenRequestFilter) {
        tokenFilters.append(tokenFilter)
    }

    /// Adds a step of sign-in and consent.
    public mutating func add(step: some InteractionStep) {
        steps.append(step)
    }

    /// Adds a purpose of interactions that do not begin at the authorization endpoint.
    public mutating func add(purpose: some InteractionPurpose) {
        purposes.append(purpose)
    }

    /// Adds a source of claims.
    public mutating func add(claims source: some ClaimsSource) {
        claimsSources.append(source)
    }

    /// Adds a participant in revocations.
    public mutating func add(revocation participant: some RevocationParticipant) {
        revocationParticipants.append(participant)
    }

    /// Adds an outbox for events.
    public mutating func add(outbox: some EventOutbox) {
        outboxes.append(outbox)
    }

    /// Adds a handler of background jobs.
    public mutating func add(job handler: some JobHandler) {
        jobs.append(handler)
    }

    /// Adds a page.
    ///
    /// - Parameters:
    ///   - name: The page's name. The plugin shows it by this name, and an operator can replace the template of this
    ///     name.
    ///   - template: The Mustache template. Start it with `{{> head}}` and end it with `{{> foot}}` to make it look
    ///     like the server's own pages.
    ///   - texts: The strings, by the tag of their language (RFC 5646) and then by their key. A key begins with the
    ///     page's name and an underscore. `en` is required, and is used if another language lacks a string.
    public mutating func add(page name: String, template: String, texts: [String: [String: String]]) {
        pages.append(PageTemplate(name: name, template: template, texts: texts))
    }

    /// Adds a document below `/.well-known`, which is a copy of the server's metadata.
    ///
    /// - Parameters:
    ///   - name: The name below `/.well-known/`.
    ///   - members: The members to add to the copy. They replace members of the metadata with the same names.
    public mutating func add(document name: String, adding members: [JSON.Member] = []) {
        documents.append(WellKnownDocument(name: name, adding: members))
    }

    /// Adds a sink for events.
    public mutating func add(eventSink: some EventSink) {
        eventSinks.append(eventSink)
    }

    /// Adds a store; a server has exactly one.
    public mutating func add(store: some Store) {
        stores.append(store)
    }

    /// Adds a collection in the store.
    public mutating func add(collection: StoreCollection) {
        collections.append(collection)
    }

    /// Adds a scope value that is granted only if a request names it.
    ///
    /// A request without a scope does not get it.
    public mutating func add(scopeOnRequest word: String) {
        scopesOnRequest.insert(word)
    }

    /// Adds a scope value that the user cannot deselect on the consent page, because the request is useless without it.
    public mutating func add(requiredScope word: String) {
        requiredScopes.insert(word)
    }

    /// Adds a signature algorithm for which the server must have a key: one of `host.keys.algorithms` (RFC 7518 section
    /// 3.1).
    ///
    /// After a key is replaced, its signatures stay valid for the longest token lifetime of any client, and for the
    /// longest `retention` of any collection.
    public mutating func add(signingAlgorithm name: String) {
        signingAlgorithms.append(name)
    }

    /// Has the server refuse to run the plugin in a process of its own, where no plugin can write files or open sockets.
    ///
    /// - Parameter reason: What the plugin does that no such process can, as a sentence about "it", such as "it writes
    ///   files".
    public mutating func refuseIsolation(because reason: String) {
        reasonAgainstIsolation = reason
    }

    /// Adds to a member of the server's metadata.
    public mutating func add(metadata name: String, _ value: MetadataValue) {
        metadata.append((name, value))
    }
}
