// SPDX-License-Identifier: Apache-2.0

/// A registered client whose document is valid with the loaded configuration (RFC 6749 section 2).
public struct Client: Sendable {
    /// The client identifier.
    public let id: String
    /// Whether it has no credentials, neither a secret nor keys (RFC 6749 section 2.1).
    public let isPublic: Bool
    /// The keys of the grants that it may use.
    public let grants: Set<String>
    /// The scope that it may request.
    public let scope: Scope
    /// Its validated document, with the members at the top and `auth.<key>.*`, without secrets.
    public let document: JSON
    /// For the host: the keys in its `jwks`; nil if it has none, or only the address of a key set.
    @_spi(Host)
    public var publicKeys: (any VerificationKeys)?
    /// For the host: its secrets as keys; nil unless its method needs a readable secret.
    @_spi(Host)
    public var secretKeys: (any VerificationKeys)?

    /// For the host: makes a client from a validated document.
    @_spi(Host)
    public init(id: String, isPublic: Bool, grants: Set<String>, scope: Scope, document: JSON = [:]) {
        self.id = id
        self.isPublic = isPublic
        self.grants = grants
        self.scope = scope
        self.document = document
    }

    /// The client's name on pages: the name in its document, or else its identifier.
    public var displayName: String { document["name"]?.string ?? id }

    /// The value of an attribute that the client has once, or the attribute's default.
    public subscript<Value>(attribute: ClientAttribute<Value>) -> Value {
        let section: JSON? = if let grant = attribute.grant { document["auth"]?[grant] } else { document }
        return section?[attribute.name].flatMap(Value.init(setting:)) ?? attribute.fallback
    }

    /// The value that an attribute has under one grant, or the attribute's default.
    ///
    /// - Parameters:
    ///   - attribute: The attribute, as `Settings.grantAttribute` returned it.
    ///   - key: The grant's key; for an authorization, its `origin`.
    public subscript<Value>(attribute: GrantAttribute<Value>, under key: String) -> Value {
        document["auth"]?[key]?[attribute.name].flatMap(Value.init(setting:)) ?? attribute.fallback
    }
}
