// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Another party that signs tokens, such as a client or another server.
///
/// Its tokens look like JWTs with the named algorithm, but they have a message authentication code in the place of the
/// signature. So only a test's host accepts them.
public struct TestParty: Sendable {
    /// The name of the party, which is the `kid` of its key.
    public let name: String
    private let key: [UInt8]

    /// Makes a party, whose key follows from its name.
    public init(_ name: String) {
        self.name = name
        key = Digest.sha256(Array("the key of \(name)".utf8))
    }

    /// Its key set: for the `jwks` of a client, for `KeySource.keys`, or for the response of a server.
    public var keys: JSON {
        let key: JSON = [
            "kty": "OKP", "crv": "Ed25519", "kid": .string(name), "x": .string(Base64.encode(key)),
        ]
        return ["keys": [key]]
    }

    /// Signs claims.
    ///
    /// - Parameters:
    ///   - claims: The claims.
    ///   - type: The `typ` of the header; nil for none.
    ///   - algorithm: The `alg` of the header.
    ///   - header: Members that the header has too; they replace those with the same name.
    /// - Returns: The token.
    public func sign(
        _ claims: JSON, type: String? = "JWT", algorithm: String = "ES256", header: JSON = [:]
    ) -> String {
        var whole: JSON = ["alg": .string(algorithm), "kid": .string(name)]
        whole["typ"] = type.map(JSON.string)
        for member in header.members { whole[member.name] = member.value }
        let signed = [whole, claims].map { Base64.encode(Array($0.text.utf8)) }.joined(separator: ".")
        return signed + "." + TestParty.code(of: signed, key)
    }

    /// Authenticates claims by a code with a secret (HS256), as a client with the method `client_secret_jwt` does.
    ///
    /// - Parameters:
    ///   - claims: The claims.
    ///   - secret: The secret, which is in the document of a test's client as `secret`.
    ///   - type: The `typ` of the header; nil for none.
    /// - Returns: The token, which is a real JWS.
    public static func authenticate(_ claims: JSON, with secret: String, type: String? = "JWT") -> String {
        var header: JSON = ["alg": "HS256"]
        header["typ"] = type.map(JSON.string)
        let signed = [header, claims].map { Base64.encode(Array($0.text.utf8)) }.joined(separator: ".")
        return signed + "." + code(of: signed, Array(secret.utf8))
    }

    static func code(of signed: String, _ key: [UInt8]) -> String {
        Base64.encode(Digest.code(Array(signed.utf8), key: key))
    }
}
