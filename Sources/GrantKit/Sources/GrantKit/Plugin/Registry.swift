// SPDX-License-Identifier: Apache-2.0

/// What one plugin adds to the server, by role.
///
/// Only the host reads the lists. A test of a plugin looks at them with `TestRegistry` of `GrantKitTesting`.
public struct Registry: Sendable {
    /// The grants.
    @_spi(Host)
    public private(set) var grants: [any TokenGrant] = []
    /// The extensions of answers.
    @_spi(Host)
    public private(set) var extensions: [any ResponseExtension] = []
    /// The token formats.
    @_spi(Host)
    public private(set) var formats: [any TokenFormat] = []
    /// The resolvers, those of the formats included.
    @_spi(Host)
    public private(set) var resolvers: [any TokenResolver] = []
    /// The endpoints for callers of all kinds.
    @_spi(Host)
    public private(set) var endpoints: [any Endpoint] = []
    /// The words of `response_type`.
    @_spi(Host)
    public private(set) var flows: [any AuthorizationFlow] = []
    /// The filters of authorization requests.
    @_spi(Host)
    public private(set) var requestFilters: [any AuthorizationRequestFilter] = []
    /// The filters of token requests.
    @_spi(Host)
    public private(set) var tokenFilters: [any TokenRequestFilter] = []
    /// What is asked of people.
    @_spi(Host)
    public private(set) var steps: [any InteractionStep] = []
    /// The purposes of interactions that do not begin at the authorization endpoint.
    @_spi(Host)
    public private(set) var purposes: [any InteractionPurpose] = []
    /// What is told about people.
    @_spi(Host)
    public private(set) var claimsSources: [any ClaimsSource] = []
    /// Who has something to commit when something is revoked.
    @_spi(Host)
    public private(set) var revocationParticipants: [any RevocationParticipant] = []
    /// What has something to commit together with the changes that events are about.
    @_spi(Host)
    public private(set) var outboxes: [any EventOutbox] = []
    /// Who does what was put off.
    @_spi(Host)
    public private(set) var jobs: [any JobHandler] = []
    /// The pages.
    @_spi(Host)
    public private(set) var pages: [PageTemplate] = []
    /// The documents below `/.well-known`.
    @_spi(Host)
    public private(set) var documents: [WellKnownDocument] = []
    /// What keeps records of what happens.
    @_spi(Host)
    public private(set) var eventSinks: [any EventSink] = []
    /// The stores.
    @_spi(Host)
    public private(set) var stores: [any Store] = []
    /// What is kept in the store.
    @_spi(Host)
    public private(set) var collections: [StoreCollection] = []
    /// Scope words that are granted only if they are asked for.
    @_spi(Host)
    public private(set) var scopesOnRequest: Set<String> = []
    /// Scope words that a person cannot untick.
    @_spi(Host)
    public private(set) var requiredScopes: Set<String> = []
    /// The signature algorithms that the server must have a key for.
    @_spi(Host)
    public private(set) var signingAlgorithms: [String] = []
    /// Members of the server's metadata.
    @_spi(Host)
    public private(set) var metadata: [(name: String, value: MetadataValue)] = []

    /// Makes an empty registry.
    public init() {}

    /// Adds a grant.
    public mutating func add(grant: some TokenGrant) {
        grants.append(grant)
    }

    /// Adds an extension of answers.
    public mutating func add(extension: some ResponseExtension) {
        extensions.append(`extension`)
    }

    /// Adds a token format, which resolves its own tokens.
    public mutating func add(format: some TokenFormat) {
        formats.append(format)
        resolvers.append(format)
    }

    /// Adds a resolver of tokens that are no access tokens.
    public mutating func add(resolver: some TokenResolver) {
        resolvers.append(resolver)
    }

    /// Adds an endpoint.
    public mutating func add(endpoint: some Endpoint) {
        endpoints.append(endpoint)
    }

    /// Adds a word of `response_type`.
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

    /// Adds something that is asked of people.
    public mutating func add(step: some InteractionStep) {
        steps.append(step)
    }

    /// Adds a purpose of interactions that do not begin at the authorization endpoint.
    public mutating func add(purpose: some InteractionPurpose) {
        purposes.append(purpose)
    }

    /// Adds something that is told about people.
    public mutating func add(claims source: some ClaimsSource) {
        claimsSources.append(source)
    }

    /// Adds what has something to commit when something is revoked.
    public mutating func add(revocation participant: some RevocationParticipant) {
        revocationParticipants.append(participant)
    }

    /// Adds what has something to commit together with the changes that events are about.
    public mutating func add(outbox: some EventOutbox) {
        outboxes.append(outbox)
    }

    /// Adds what does what was put off.
    public mutating func add(job handler: some JobHandler) {
        jobs.append(handler)
    }

    /// Adds a page.
    ///
    /// - Parameters:
    ///   - name: The page's name, by which the plugin shows it and a deployment's folder replaces it.
    ///   - template: A Mustache template; `{{> head}}` and `{{> foot}}` make it one of the server's pages.
    ///   - texts: Texts by the tag of their language (RFC 5646) and their key. A key is the page's name, an underscore
    ///     and more; `en` must be there, and stands in where another language lacks a text.
    public mutating func add(page name: String, template: String, texts: [String: [String: String]]) {
        pages.append(PageTemplate(name: name, template: template, texts: texts))
    }

    /// Adds a document below `/.well-known`: a copy of the server's metadata.
    ///
    /// - Parameters:
    ///   - name: The name below `/.well-known/`.
    ///   - members: What the copy gets in addition; a member that the metadata has too is replaced.
    public mutating func add(document name: String, adding members: [JSON.Member] = []) {
        documents.append(WellKnownDocument(name: name, adding: members))
    }

    /// Adds something that keeps a record of what happens.
    public mutating func add(eventSink: some EventSink) {
        eventSinks.append(eventSink)
    }

    /// Adds a store; a server has exactly one.
    public mutating func add(store: some Store) {
        stores.append(store)
    }

    /// Says what is kept in the store.
    public mutating func add(collection: StoreCollection) {
        collections.append(collection)
    }

    /// Keeps a scope word out of "all of the client's scope": it is granted only if it is asked for.
    public mutating func add(scopeOnRequest word: String) {
        scopesOnRequest.insert(word)
    }

    /// Keeps a scope word from being unticked where a person consents, since the request means nothing without it.
    public mutating func add(requiredScope word: String) {
        requiredScopes.insert(word)
    }

    /// Has the server keep a key that signs with an algorithm (RFC 7518 section 3.1), one of `host.keys.algorithms`.
    ///
    /// What was signed verifies for as long as the longest token of a client or record of a collection lives.
    public mutating func add(signingAlgorithm name: String) {
        signingAlgorithms.append(name)
    }

    /// Adds to a member of the server's metadata.
    public mutating func add(metadata name: String, _ value: MetadataValue) {
        metadata.append((name, value))
    }
}
