// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import Cryptography

@Suite("JOSE signatures and keys")
struct JOSETests {
    // The claims of RFC 7515 appendix A are those of A.1.
    private static let claims =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    private static let joe = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
    private static let a3: JSON = [
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    ]
    private static let a3Signed =
        "eyJhbGciOiJFUzI1NiJ9.\(claims).DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

    struct Example: Sendable {
        var section: String
        var key: JSON
        var jws: String
        var payload: String
    }

    static let examples = [
        Example(
            section: "A.1",
            key: [
                "kty": "oct",
                "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            ],
            jws: "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(claims).dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            payload: joe),
        Example(
            section: "A.2",
            key: [
                "kty": "RSA", "e": "AQAB",
                "n":
                    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            ],
            jws:
                "eyJhbGciOiJSUzI1NiJ9.\(claims).cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            payload: joe),
        Example(section: "A.3", key: a3, jws: a3Signed, payload: joe),
        Example(
            section: "A.4",
            key: [
                "kty": "EC", "crv": "P-521",
                "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
                "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
            ],
            jws:
                "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
            payload: "Payload"),
    ]

    @Test("the specification's examples verify", .clause("RFC 7515 appendix A"), arguments: examples)
    func specification(_ example: Example) throws {
        let payload = try CompactJWS(example.jws).verified(by: JSONWebKey(example.key))
        #expect(String(decoding: payload, as: UTF8.self) == example.payload, "\(example.section)")
        let broken = "\(example.jws.dropLast(5))AAAAA"
        #expect(throws: JOSEError.self) { try CompactJWS(broken).verified(by: JSONWebKey(example.key)) }
    }

    @Test("an unsigned token is refused before any key is considered", .clause("RFC 7515 appendix A.5"))
    func unsigned() {
        #expect(throws: JOSEError.self) { try CompactJWS("eyJhbGciOiJub25lIn0.\(JOSETests.claims).") }
        #expect(throws: JOSEError.self) { try CompactJWS("eyJhbGciOiJub25lIn0.\(JOSETests.claims).AAAA") }
    }

    @Test("the thumbprint matches the specification's example", .clause("RFC 7638 section 3.1"))
    func thumbprint() throws {
        let key: JSON = [
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n":
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        ]
        #expect(try JSONWebKey(key).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test("Ed25519 thumbprint and signature match the specification's example", .clause("RFC 8037 appendix A"))
    func ed25519() throws {
        let pair: JSON = [
            "kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        ]
        let key = try SigningKey(pem: Secret(pair.text))
        #expect(key.id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" && key.algorithm == "EdDSA")
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        let signature = Base64URL.encode(try key.sign(Array(input.utf8)))
        #expect(
            signature == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
        let payload = try CompactJWS("\(input).\(signature)").verified(by: JSONWebKey(key.publicJWK))
        #expect(payload == Array("Example of Ed25519 signing".utf8))
    }

    // MARK: refusals

    struct Refusal: Sendable, CustomTestStringConvertible {
        var rule: String
        var header: String
        var testDescription: String { rule }

        init(_ rule: String, _ header: String) {
            (self.rule, self.header) = (rule, header)
        }
    }

    @Test(
        "a header that asks for something its key does not offer is refused, even with a valid signature",
        .clause("RFC 8725 section 3"),
        arguments: [
            Refusal("no algorithm", #"{"kid":"KID"}"#), Refusal("unsigned", #"{"alg":"none"}"#),
            Refusal("unsigned in capitals", #"{"alg":"NONE"}"#), Refusal("a shared secret", #"{"alg":"HS256"}"#),
            Refusal("another curve", #"{"alg":"ES384"}"#), Refusal("another kind", #"{"alg":"RS256"}"#),
            Refusal("an extension", #"{"alg":"ES256","crit":["b64"],"b64":false}"#),
            Refusal("no extension, but the member", #"{"alg":"ES256","crit":[]}"#),
            Refusal("another key", #"{"alg":"ES256","kid":"other"}"#),
            Refusal("a key that is no text", #"{"alg":"ES256","kid":5}"#),
            Refusal("a member twice", #"{"alg":"ES256","alg":"ES256"}"#), Refusal("no object", #"["ES256"]"#),
        ])
    func refused(_ refusal: Refusal) throws {
        let key = try SigningKey.generate()
        let header = Base64URL.encode(Array(refusal.header.replacing("KID", with: key.id).utf8))
        let input = "\(header).e30"
        let jws = "\(input).\(Base64URL.encode(try key.sign(Array(input.utf8))))"
        #expect(throws: JOSEError.self) { try CompactJWS(jws).verified(by: JSONWebKey(key.publicJWK)) }
    }

    @Test("keys embedded in the header are ignored", .clause("RFC 8725 section 3.10"))
    func embedded() throws {
        let (own, attacker) = (try SigningKey.generate(), try SigningKey.generate())
        for member in ["jwk", "x5c", "jku", "x5u"] {
            let header: JSON = .object([.init("alg", "ES256"), .init(member, attacker.publicJWK)])
            let input = "\(Base64URL.encode(header.bytes)).e30"
            let jws = "\(input).\(Base64URL.encode(try attacker.sign(Array(input.utf8))))"
            #expect(throws: JOSEError.self) { try CompactJWS(jws).verified(by: JSONWebKey(own.publicJWK)) }
        }
    }

    @Test("input that is too long is refused before it is split", .clause("RFC 8725 section 3"))
    func tooLong() {
        let long = String(repeating: "A", count: CompactJWS.longest)
        #expect(throws: JOSEError.self) { try CompactJWS("eyJhbGciOiJFUzI1NiJ9.\(long).AAAA") }
        #expect(throws: JOSEError.self) { try JSONWebKeySet(parsing: Array(repeating: 0x20, count: 257 << 10)) }
    }

    private func with(_ member: String, _ value: JSON?) -> JSON {
        var key = JOSETests.a3
        key[member] = value
        return key
    }

    @Test("a key meant for another use verifies nothing", .clause("RFC 7517 section 4"))
    func otherUse() throws {
        let signed = try CompactJWS(JOSETests.a3Signed)
        for (member, value) in [("use", "sig"), ("alg", "ES256"), ("key_ops", ["sign", "verify"])] as [(String, JSON)] {
            #expect(try !signed.verified(by: JSONWebKey(with(member, value))).isEmpty)
        }
        for (member, value) in [
            ("use", "enc"), ("use", 5), ("alg", "ES384"), ("alg", "ES"), ("key_ops", ["sign"]), ("key_ops", "verify"),
            ("key_ops", []), ("kty", "RSA"), ("kty", nil), ("crv", "P-384"), ("crv", nil), ("x", nil), ("kid", 5),
        ] as [(String, JSON?)] {
            #expect(throws: JOSEError.self, "\(member)") { try signed.verified(by: JSONWebKey(with(member, value))) }
        }
    }

    @Test("points off the curve and coordinates of the wrong width are refused", .clause("RFC 7518 section 6.2.1"))
    func points() {
        for (member, value) in [
            ("y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"), ("y", "AA"),
            ("x", "AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF"),
            ("x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU="),
        ] {
            #expect(throws: JOSEError.self) { try JSONWebKey(with(member, .string(value))) }
        }
    }

    @Test("RSA keys that are short, huge or even, or have a small, even or huge exponent, are refused")
    func weakRSA() throws {
        func key(_ bytes: Int, _ exponent: [UInt8] = [1, 0, 1], last: UInt8 = 0xA5) throws -> JSONWebKey {
            let modulus = [0x80] + [UInt8](repeating: 0xA5, count: bytes - 2) + [last]
            let members: JSON = [
                "kty": "RSA", "n": .string(Base64URL.encode(modulus)), "e": .string(Base64URL.encode(exponent)),
            ]
            return try JSONWebKey(members)
        }
        for (bytes, exponent) in [
            (256, [1, 0, 1]), (256, [3]), (2048, [1, 0, 1]), (256, [255, 255, 255, 255, 255, 255, 255, 255]),
        ]
            as [(Int, [UInt8])]
        {
            _ = try key(bytes, exponent)
        }
        for bytes in [128, 255, 2049, 3000, 4000] {
            #expect(throws: JOSEError.self, "\(bytes) bytes") { try key(bytes) }
        }
        for exponent in [[0], [1], [2], [1, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 1], [UInt8](repeating: 255, count: 256)]
            as [[UInt8]]
        {
            #expect(throws: JOSEError.self, "\(exponent)") { try key(256, exponent) }
        }
        #expect(throws: JOSEError.self, "an even modulus") { try key(256, last: 0xA4) }
    }

    @Test("a key set in which one key could be taken for another is refused", .clause("RFC 7517 section 4.5"))
    func sets() throws {
        let signed = try CompactJWS(JOSETests.a3Signed)
        let secret: JSON = ["kty": "oct", "kid": "b", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"]
        let unknown: JSON = ["kty": "AKP", "kid": "c"]
        let other = try SigningKey.generate().publicJWK
        let (one, same) = (with("kid", "a"), with("kid", "a"))
        #expect(try !signed.verified(by: JSONWebKeySet(["keys": [one, unknown]])).isEmpty)
        for keys: JSON in [[one, same], [one, secret], [one, other], [], "x"] {
            #expect(throws: JOSEError.self) { try signed.verified(by: JSONWebKeySet(["keys": keys])) }
        }
        #expect(throws: JOSEError.self) { try JSONWebKeySet([:]) }
    }

    // MARK: own keys

    @Test("a signature verifies only with its own algorithm", arguments: SignatureAlgorithm.own)
    func own(_ algorithm: SignatureAlgorithm) async throws {
        let key = try SigningKey.generate(algorithm)
        let ring = ServerKeyRing(signingKeys: [key], macKeys: [.init(id: "k1", bytes: Digest.random(32))])
        let token = try await ring.sign(["sub": "ann"], type: "JWT", algorithm: algorithm.rawValue)
        #expect(ring.verify(token, type: "JWT")?.claims["sub"] == "ann")
        #expect(try !CompactJWS(token).verified(by: JSONWebKeySet(ring.publicJWKS)).isEmpty)
        let again = try SigningKey(pem: key.privatePEM(), algorithm: algorithm)
        #expect(again.id == key.id && again.publicJWK == key.publicJWK)
        for other in SignatureAlgorithm.allCases where other != algorithm {
            let header = Base64URL.encode(Array(#"{"alg":"\#(other.rawValue)","typ":"JWT","kid":"\#(key.id)"}"#.utf8))
            let input = "\(header).e30"
            #expect(ring.verify("\(input).\(Base64URL.encode(try key.sign(Array(input.utf8))))", type: "JWT") == nil)
        }
    }
}
