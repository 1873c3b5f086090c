// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Assertions that a client signs with its own key (RFC 7523 section 2.2, RFC 10070).
public struct SignedAssertion: Sendable {
    private let key: SigningKey
    private let keyID: String?

    /// Reads the private key of a client.
    ///
    /// - Parameters:
    ///   - text: The key in PEM or as a JWK.
    ///   - passphrase: The passphrase, if the key is encrypted.
    ///   - published: The public keys of the client, of which the private key must have one; nil if they are elsewhere.
    /// - Throws: `CryptographyError` that says what is wrong with the key and what to do.
    public init(_ text: Secret, passphrase: Secret? = nil, among published: JSON?) throws {
        let own = try? JSON(parsing: text.exposed)
        let plain = try SigningKey(pem: text, passphrase: passphrase)
        let known = try published.map { try SignedAssertion.member(of: $0, for: plain) }
        let name = (known?["alg"] ?? own?["alg"])?.string
        let algorithm = name.flatMap(SignatureAlgorithm.init)
        guard (name == nil) == (algorithm == nil) else {
            throw CryptographyError(found: "its 'alg' is not a signature algorithm that is known here")
        }
        key = try algorithm.map { try SigningKey(pem: text, passphrase: passphrase, algorithm: $0) } ?? plain
        // The server compares the id with its own, so that of the file counts only if nothing is known.
        keyID = (published == nil ? own?["kid"] : known?["kid"])?.string
    }

    /// The published key that is the public half of a private one.
    private static func member(of published: JSON, for key: SigningKey) throws -> JSON {
        let elements = published.elements.isEmpty ? published["keys"]?.elements ?? [] : published.elements
        guard let member = elements.first(where: { (try? JSONWebKey($0))?.thumbprint == key.id }) else {
            throw CryptographyError(found: "it is not the private half of one of the client's keys in 'jwks'")
        }
        return member
    }

    /// Signs an assertion.
    ///
    /// - Parameters:
    ///   - client: The id of the client.
    ///   - audience: The issuer identifier of the server.
    ///   - now: The current time.
    ///   - lifetime: How long the assertion is valid.
    /// - Returns: The assertion, which the server accepts once.
    /// - Throws: `CryptographyError`.
    public func sign(by client: String, for audience: String, at now: Timestamp, lasting lifetime: Duration) throws
        -> String
    {
        var header: JSON = ["alg": .string(key.algorithm), "typ": "client-authentication+jwt"]
        header["kid"] = keyID.map(JSON.string)
        let claims: JSON = [
            "iss": .string(client), "sub": .string(client), "aud": .string(audience),
            "iat": .integer(now.seconds), "exp": .integer((now + lifetime).seconds),
            "jti": .string(Base64URL.encode(Digest.random(16))),
        ]
        let text = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
        return text + "." + Base64URL.encode(try key.sign(Array(text.utf8)))
    }
}
