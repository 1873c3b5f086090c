// SPDX-License-Identifier: Apache-2.0

/// What a member of the server's metadata holds (RFC 8414 section 2).
public enum MetadataValue: Sendable, Hashable {
    /// A list that plugins add to.
    case union([String])
    /// One value; two plugins that give different ones stop the start.
    case value(JSON)
}

/// What one plugin adds to the server, by role.
public struct Registry: Sendable {
    /// The grants.
    public private(set) var grants: [any TokenGrant] = []
    /// The extensions of answers.
    public private(set) var extensions: [any ResponseExtension] = []
    /// The token formats.
    public private(set) var formats: [any TokenFormat] = []
    /// The resolvers, those of the formats included.
    public private(set) var resolvers: [any TokenResolver] = []
    /// The endpoints.
    public private(set) var endpoints: [any Endpoint] = []
    /// The stores.
    public private(set) var stores: [any Store] = []
    /// What is kept in the store.
    public private(set) var collections: [StoreCollection] = []
    /// Scope words that are granted only if they are asked for.
    public private(set) var scopesOnRequest: Set<String> = []
    /// The signature algorithms that the server must have a key for.
    public private(set) var signingAlgorithms: [String] = []
    /// Members of the server's metadata.
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
