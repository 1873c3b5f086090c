// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support

@testable import Cryptography

/// A client with a key, which signs what a test tells it to.
struct Signer {
    let key: SigningKey
    let id: String

    init(_ id: String = "robot", _ algorithm: SignatureAlgorithm = .es256) throws {
        self.id = id
        key = try SigningKey.generate(algorithm)
    }

    /// The public half without the members that restrict its use.
    var jwk: JSON {
        var jwk = key.publicJWK
        (jwk["use"], jwk["alg"]) = (nil, nil)
        return jwk
    }

    var keys: JSON { ["keys": [jwk]] }

    /// A client that authenticates with the key.
    func client(_ changes: JSON = [:]) -> JSON {
        var document: JSON = [
            "id": .string(id), "grant_types": ["client_credentials"], "scope": ["read"], "jwks": keys,
        ]
        for member in changes.members { document[member.name] = member.value == .null ? nil : member.value }
        return document
    }

    /// The claims of an assertion that is accepted.
    func claims(at now: Timestamp, id assertion: String = "a-1") -> JSON {
        [
            "iss": .string(id), "sub": .string(id), "aud": "https://id.example.com", "jti": .string(assertion),
            "iat": .integer(now.seconds), "exp": .integer(now.seconds + 60),
        ]
    }

    var header: JSON {
        ["alg": .string(key.algorithm), "typ": "client-authentication+jwt", "kid": .string(key.id)]
    }

    /// Signs any header and payload.
    func sign(_ header: JSON, _ payload: [UInt8]) throws -> String {
        let text = Base64URL.encode(header.bytes) + "." + Base64URL.encode(payload)
        return text + "." + Base64URL.encode(try key.sign(Array(text.utf8)))
    }

    func sign(_ claims: JSON, header changes: JSON = [:]) throws -> String {
        try sign(header.changed(by: changes), claims.bytes)
    }
}

extension JSON {
    /// The object with other members; null removes one, and the string 'null' in a list of one makes it null.
    func changed(by changes: JSON) -> JSON {
        var changed = self
        for member in changes.members {
            changed[member.name] = member.value == .null ? nil : member.value == ["null"] ? .null : member.value
        }
        return changed
    }
}

extension TestServer {
    static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    /// The plugins of most tests about assertions.
    static func asserting(_ settings: JSON = [:]) -> [PluginSetup] {
        Plugins.all + [.init(Plugins.clientAssertion, settings)]
    }

    /// Requests a token as a client that sends an assertion.
    func assert(_ assertion: String, _ more: [(String, String)] = [], path: String = "/auth/token") async -> Answer {
        let form = [
            ("grant_type", "client_credentials"), ("client_assertion", assertion),
            ("client_assertion_type", TestServer.assertionType),
        ]
        return await post(path, form + more)
    }
}
