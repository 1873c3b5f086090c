// SPDX-License-Identifier: Apache-2.0

/// A registered client, valid against the configuration that it was read with (RFC 6749 section 2).
public struct Client: Sendable {
    /// The client identifier.
    public let id: String
    /// Whether it has no credentials (RFC 6749 section 2.1).
    public let isPublic: Bool
    /// The keys of the grants that it may use.
    public let grants: Set<String>
    /// The scope that it may have.
    public let scope: Scope
    /// Its validated document: members at the top and `auth.<key>.*`, without secrets.
    public let document: JSON

    /// For the host: a client out of a validated document.
    @_spi(Host)
    public init(id: String, isPublic: Bool, grants: Set<String>, scope: Scope, document: JSON = [:]) {
        self.id = id
        self.isPublic = isPublic
        self.grants = grants
        self.scope = scope
        self.document = document
    }

    /// What pages call the client: the name in its document, or its identifier.
    public var displayName: String { document["name"]?.string ?? id }

    /// The value of an attribute that the client has once.
    public subscript<Value>(attribute: ClientAttribute<Value>) -> Value {
        let section: JSON? = if let grant = attribute.grant { document["auth"]?[grant] } else { document }
        return section?[attribute.name].flatMap(Value.init(setting:)) ?? attribute.fallback
    }

    /// The value that an attribute has under one grant.
    ///
    /// - Parameters:
    ///   - attribute: The slot.
    ///   - key: The grant's key; of an authorization, its `origin`.
    public subscript<Value>(attribute: GrantAttribute<Value>, under key: String) -> Value {
        document["auth"]?[key]?[attribute.name].flatMap(Value.init(setting:)) ?? attribute.fallback
    }
}
