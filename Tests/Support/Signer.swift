// SPDX-License-Identifier: Apache-2.0

public import GrantKit

@testable import Cryptography

/// A client with a key, which signs what a test tells it to.
public struct Signer: Sendable {
    public let id: String
    private let key: SigningKey

    public init(_ id: String = "robot", algorithm: String = "ES256") throws {
        guard let algorithm = SignatureAlgorithm(rawValue: algorithm) else { throw ConfigurationError(algorithm) }
        self.id = id
        key = try SigningKey.generate(algorithm)
    }

    /// The public half without the members that restrict its use.
    public var jwk: JSON { key.publicJWK.changed(by: ["use": .null, "alg": .null]) }

    public var keys: JSON { ["keys": [jwk]] }

    /// A client that authenticates with the key.
    public func client(_ changes: JSON = [:]) -> JSON {
        let document: JSON = [
            "id": .string(id), "grant_types": ["client_credentials"], "scope": ["read"], "jwks": keys,
        ]
        return document.changed(by: changes)
    }

    /// The claims of an assertion that is accepted.
    public func claims(at now: Timestamp, id assertion: String = "a-1") -> JSON {
        [
            "iss": .string(id), "sub": .string(id), "aud": "https://id.example.com", "jti": .string(assertion),
            "iat": .integer(now.seconds), "exp": .integer(now.seconds + 60),
        ]
    }

    public var header: JSON {
        ["alg": .string(key.algorithm), "typ": "client-authentication+jwt", "kid": .string(key.id)]
    }

    /// Signs any header and payload.
    public func sign(_ header: JSON, _ payload: [UInt8]) throws -> String {
        try sign(raw: header.bytes, payload)
    }

    /// Signs any bytes in the place of header and payload.
    public func sign(raw header: [UInt8], _ payload: [UInt8]) throws -> String {
        let text = Base64URL.encode(header) + "." + Base64URL.encode(payload)
        return text + "." + Base64URL.encode(try key.sign(Array(text.utf8)))
    }

    public func sign(_ claims: JSON, header changes: JSON = [:]) throws -> String {
        try sign(header.changed(by: changes), claims.bytes)
    }
}

extension JSON {
    /// The object with other members; null removes one, and a list of just the string 'null' makes it null.
    public func changed(by changes: JSON) -> JSON {
        var changed = self
        for member in changes.members {
            changed[member.name] = member.value == .null ? nil : member.value == ["null"] ? .null : member.value
        }
        return changed
    }
}
