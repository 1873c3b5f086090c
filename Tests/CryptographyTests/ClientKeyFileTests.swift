// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

@testable import Cryptography

@Suite("Files with the keys of clients", .timeLimit(.minutes(10)))
struct ClientKeyFileTests {
    // Written by 'openssl pkey -pubout', for a key that nobody uses.
    private static let pem = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
        -----END PUBLIC KEY-----
        """
    /// The key of RFC 8037 appendix A, of which the file above has the public half.
    private static let pair: JSON = [
        "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    ]
    private static let now = Timestamp(seconds: 1_800_000_000)

    @Test("a public key in PEM becomes a set of one key, with its thumbprint as id")
    func publicPEM() throws {
        let set = try PublicKeyFile.keySet(Self.pem)
        let key = try #require(set["keys"]?.elements.first)
        #expect(key["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" && key["kty"] == "OKP")
        #expect(key["x"] == Self.pair["x"] && key["d"] == nil)
    }

    @Test("a key set stays as it is, and a list and a single key become one")
    func json() throws {
        let key: JSON = ["kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]
        for shape: JSON in [["keys": [key]], [key], key] {
            #expect(try PublicKeyFile.keySet("\n" + shape.text) == ["keys": [key]], "\(shape.text)")
        }
    }

    @Test(
        "anything else is refused, and the message says what to do",
        arguments: [
            ("", "public key in PEM"), ("ssh-ed25519 AAAA", "public key in PEM"), ("{", "not valid JSON"),
            ("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", "openssl pkey -pubout"),
            ("-----BEGIN PUBLIC KEY-----\nMC4=\n-----END PUBLIC KEY-----\n", "public key in PEM"),
        ])
    func refused(_ text: String, _ words: String) {
        let error = #expect(throws: CryptographyError.self) { try PublicKeyFile.keySet(text) }
        #expect(error?.description.contains(words) == true, "\(text): \(String(describing: error))")
    }

    private func parts(_ assertion: String) throws -> (header: JSON, claims: JSON) {
        let signed = try CompactJWS(assertion)
        return (signed.header, try JSON(parsing: signed.payload))
    }

    @Test("an assertion has the claims of RFC 7523, another 'jti' each time, and a signature of its key")
    func claims() throws {
        let signer = try SignedAssertion(Secret(Self.pair.text), among: nil)
        let all = try (0..<2).map { _ in
            try signer.sign(by: "robot", for: "https://id.example.com", at: Self.now, lasting: .seconds(60))
        }
        let key = try JSONWebKey(Self.pair)
        let claims = try all.map { try JSON(parsing: try CompactJWS($0).verified(by: key)) }
        #expect(claims[0]["iss"] == "robot" && claims[0]["sub"] == "robot" && claims[0]["jti"] != claims[1]["jti"])
        #expect(claims[0]["aud"] == "https://id.example.com" && claims[0]["exp"] == 1_800_000_060)
        #expect(try parts(all[0]).header == ["alg": "EdDSA", "typ": "client-authentication+jwt"])
    }

    @Test("algorithm and 'kid' are those of the published key, or else of the file")
    func published() throws {
        let key = try SigningKey.generate(.ps256)
        let pem = try key.privatePEM()
        func header(_ published: JSON?, _ text: Secret) throws -> JSON {
            let signer = try SignedAssertion(text, among: published)
            return try parts(signer.sign(by: "a", for: "b", at: Self.now, lasting: .seconds(60))).header
        }
        var named = key.publicJWK
        named["kid"] = "june"
        let other = try SigningKey.generate().publicJWK
        for set: JSON in [["keys": [other, named]], [other, named]] {
            let header = try header(set, pem)
            #expect(header["alg"] == "PS256" && header["kid"] == "june")
        }
        #expect(try header(nil, pem) == ["alg": "RS256", "typ": "client-authentication+jwt"])
        var file = Self.pair
        file["kid"] = "july"
        #expect(try header(nil, Secret(file.text))["kid"] == "july")
    }

    @Test("a key that the server does not know as the client's is refused")
    func stranger() throws {
        let known: JSON = ["keys": [try SigningKey.generate().publicJWK]]
        let error = #expect(throws: CryptographyError.self) {
            try SignedAssertion(Secret(Self.pair.text), among: known)
        }
        #expect(error?.description.contains("one of the client's keys in 'jwks'") == true)
    }
}
