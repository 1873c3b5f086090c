// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import Cryptography

/// Every claim and header parameter in every wrong form, each with the rule that refuses it.
@Suite("RFC 7523 section 3: every claim of an assertion is checked", .timeLimit(.minutes(10)))
struct AssertionTableTests {
    /// A change of a good assertion, and what the log says about it; nil if it stays good.
    struct Case: Sendable, CustomTestStringConvertible {
        let change: String
        let claims: JSON
        let header: JSON
        let rule: String?

        init(_ change: String, claims: JSON = [:], header: JSON = [:], _ rule: String?) {
            (self.change, self.claims, self.header, self.rule) = (change, claims, header, rule)
        }

        var testDescription: String { change }
    }

    private static let now: Int64 = 1_800_000_000
    private static let huge = JSON.string(String(repeating: "h", count: 4000))
    private static let null: JSON = ["null"]

    private static func claim(_ name: String, _ forms: [(String, JSON, String?)]) -> [Case] {
        forms.map { Case("\(name) \($0.0)", claims: .object([.init(name, $0.1)]), $0.2) }
    }

    private static func parameter(_ name: String, _ forms: [(String, JSON, String?)]) -> [Case] {
        forms.map { Case("\(name) \($0.0)", header: .object([.init(name, $0.1)]), $0.2) }
    }

    private static let named = "its 'iss' and 'sub' must both be the identifier of the client"

    /// The wrong forms of a claim that is a string.
    private static func texts(_ name: String, _ rule: String) -> [Case] {
        claim(
            name,
            [
                ("absent", .null, rule), ("null", null, rule), ("a number", 1, rule), ("true", true, rule),
                ("an array", ["robot"], rule), ("an object", ["robot": "robot"], rule), ("empty", "", rule),
                ("huge", huge, rule), ("another's", "service", rule), ("nearly right", "robot ", rule),
                ("in other letters", "Robot", rule), ("with a zero byte", "robot\u{0}", rule),
            ])
    }

    private static func times(_ name: String, _ forms: [(String, JSON, String?)]) -> [Case] {
        let kind = "its '\(name)' is not a time"
        let wrong: [(String, JSON, String?)] = [
            ("null", null, kind), ("text", "1800000060", kind), ("true", true, kind), ("an array", [1], kind),
            ("an object", [:], kind), ("empty", "", kind), ("too large to be a time", .number(1e300), kind),
        ]
        return claim(name, wrong + forms)
    }

    private static let issuer = "https://id.example.com"
    private static let elsewhere = "it is for another audience"

    static let audiences = claim(
        "aud",
        [
            ("absent", .null, "it has no 'aud'"), ("null", null, "its 'aud' is not a string or a list of strings"),
            ("a number", 1, "its 'aud' is not a string or a list of strings"),
            ("an object", [:], "its 'aud' is not a string or a list of strings"),
            ("empty", "", "it has no 'aud'"), ("an empty array", [], "it has no 'aud'"), ("huge", huge, elsewhere),
            ("an array of just it", [.string(issuer)], nil),
            ("an array with another", [.string(issuer), "https://other.example.com"], "it is for other audiences too"),
            ("an array with it twice", [.string(issuer), .string(issuer)], "it is for other audiences too"),
            ("an array with a number", [.string(issuer), 1], "its 'aud' is not a string or a list of strings"),
            ("an array in an array", [[.string(issuer)]], "its 'aud' is not a string or a list of strings"),
            ("with a slash", .string(issuer + "/"), elsewhere), ("in capitals", "HTTPS://ID.EXAMPLE.COM", elsewhere),
            ("another server", "https://other.example.com", elsewhere),
            ("the token endpoint", .string(issuer + "/auth/token"), "must be the issuer"),
            ("the token endpoint's alias", .string(issuer + "/oauth2/token"), elsewhere),
            ("the introspection endpoint", .string(issuer + "/auth/introspect"), elsewhere),
        ])

    static let moments =
        times(
            "exp",
            [
                ("absent", .null, "it has no 'exp'"), ("now", .integer(now), "it has expired"),
                ("in the past", .integer(now - 300), "it has expired"), ("negative", -1, "it has expired"),
                ("in a second", .integer(now + 1), nil), ("with a fraction", .number(Double(now) + 30.5), nil),
                ("in an hour", .integer(now + 3600), nil), ("in an hour of a fast clock", .integer(now + 3630), nil),
                ("far ahead", .integer(now + 3700), "it is valid for too long"),
                ("at the end of time", .integer(.max), "it is valid for too long"),
            ])
        + times(
            "nbf",
            [
                ("absent", .null, nil), ("in the past", .integer(now - 9999), nil),
                ("8 seconds ahead", .integer(now + 8), nil),
                ("60 seconds ahead", .integer(now + 60), "its 'nbf' is in the future"),
                ("at the end of time", .integer(.max), "its 'nbf' is in the future"),
            ])
        + times(
            "iat",
            [
                ("absent", .null, nil), ("in the past", .integer(now - 9999), nil),
                ("8 seconds ahead", .integer(now + 8), nil),
                ("60 seconds ahead", .integer(now + 60), "its 'iat' is in the future"),
                ("at the end of time", .integer(.max), "its 'iat' is in the future"),
            ])

    static let identifiers = claim(
        "jti",
        [
            ("absent", .null, "it has no 'jti'"), ("null", null, "its 'jti' is not a string"),
            ("a number", 1, "its 'jti' is not a string"), ("true", true, "its 'jti' is not a string"),
            ("an array", ["a"], "its 'jti' is not a string"), ("an object", [:], "its 'jti' is not a string"),
            ("empty", "", "it has no 'jti'"), ("huge", huge, nil), ("with a zero byte", "a\u{0}b", nil),
        ])

    private static let badType = "its 'typ' is not accepted"

    static let headers =
        parameter(
            "typ",
            [
                ("absent", .null, nil), ("JWT", "JWT", nil), ("jwt in small letters", "jwt", nil),
                ("with application/", "application/client-authentication+jwt", nil), ("null", null, badType),
                ("a number", 1, badType), ("an array", ["JWT"], badType), ("empty", "", badType),
                ("huge", huge, badType), ("an access token's", "at+jwt", badType),
                ("a request object's", "oauth-authz-req+jwt", badType), ("a proof's", "dpop+jwt", badType),
                ("another media type", "text/jwt", badType),
            ])
        + parameter(
            "kid",
            [
                ("absent", .null, nil), ("null", null, "it is not a signed JWT"),
                ("a number", 1, "it is not a signed JWT"),
                ("an array", ["a"], "it is not a signed JWT"), ("empty", "", "no key with this 'kid' fits"),
                ("huge", huge, "no key with this 'kid' fits"), ("another's", "other", "no key with this 'kid' fits"),
                ("a path", "../../dev/null", "no key with this 'kid' fits"),
                ("a query", "' or 1=1 --", "no key with this 'kid' fits"),
            ])
        + parameter(
            "crit",
            [
                ("null", null, "it is not a signed JWT"), ("empty", [], "it is not a signed JWT"),
                ("a known name", ["exp"], "it is not a signed JWT"),
                ("an unknown name", ["x"], "it is not a signed JWT"),
            ])
        + parameter(
            "alg",
            [
                ("absent", .null, "it is not a signed JWT"), ("null", null, "it is not a signed JWT"),
                ("none", "none", "it is not a signed JWT"), ("None", "None", "it is not a signed JWT"),
                ("a number", 1, "it is not a signed JWT"), ("an array", ["ES256"], "it is not a signed JWT"),
                ("empty", "", "it is not a signed JWT"), ("of a MAC", "HS256", "the setting 'methods' of the plugin"),
                ("of another curve", "ES384", "no key with this 'kid' fits"),
                ("of another kind", "RS256", "no key with this 'kid' fits"),
            ])
        // They never decide which key verifies, so they change nothing.
        + ["jku", "x5u", "x5c", "x5t", "jwk", "cty", "zip", "b64"].map { name in
            Case("\(name) of an attacker", header: .object([.init(name, "https://evil.example.com/keys")]), nil)
        }

    static let all =
        texts("iss", named) + texts("sub", named) + audiences + moments + identifiers + headers + [
            Case("claims that nobody knows", claims: ["admin": true, "scope": "all"], nil),
            Case("another client in 'client_id'", claims: ["client_id": "service"], nil),
        ]

    @Test("a wrong form is refused by its rule, and any other is accepted", arguments: all)
    func table(_ example: Case) async throws {
        let signer = try Signer()
        let server = try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, signer.client()])
        try #require(server.clock.now.seconds == Self.now)
        let claims = signer.claims(at: server.clock.now).changed(by: example.claims)
        let answer = await server.assert(try signer.sign(claims, header: example.header))
        guard let rule = example.rule else {
            #expect(answer.status == 200, "\(server.log.lines)")
            return
        }
        #expect(answer.status == 401 && answer.error == "invalid_client")
        #expect(server.log.lines.contains { $0.contains(rule) }, "\(server.log.lines)")
        #expect(!answer.json.text.contains("hhhh"), "nothing of the assertion is repeated")
    }

    // MARK: signatures

    private func refused(_ make: (Signer, JSON) throws -> String) async throws -> Bool {
        let signer = try Signer()
        let server = try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, signer.client()])
        let claims = signer.claims(at: server.clock.now)
        let answer = await server.assert(try make(signer, claims))
        return answer.status == 401 && answer.error == "invalid_client"
    }

    @Test("a message authentication code with the public key is refused (RFC 8725 section 2.1)")
    func publicKeyAsSecret() async throws {
        let isRefused = try await refused { signer, claims in
            let header = signer.header.changed(by: ["alg": "HS256"])
            let text = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
            let code = HashFunction.sha256.code(Array(text.utf8), key: signer.jwk.bytes)
            return text + "." + Base64URL.encode(code)
        }
        #expect(isRefused)
    }

    @Test("an attacker's key is refused, also if the header has it")
    func foreignKey() async throws {
        let attacker = try Signer()
        for header in [["jwk": attacker.jwk], ["kid": .null, "jwk": attacker.jwk], [:]] as [JSON] {
            let isRefused = try await refused { signer, claims in
                try attacker.sign(signer.header.changed(by: header), claims.bytes)
            }
            #expect(isRefused)
        }
    }

    @Test("a signature that is cut, empty, longer, in DER or of other claims is refused")
    func brokenSignature() async throws {
        let changes: [@Sendable (String) -> String] = [
            { String($0.dropLast(4)) }, { $0 + "AAAA" }, { $0 + "=" },
            { $0.split(separator: ".").dropLast().joined(separator: ".") + "." },
            { $0.split(separator: ".").dropLast().joined(separator: ".") }, { $0 + ".e30" }, { " " + $0 },
            { $0 + "\n" }, { $0.replacing(".", with: "..") },
        ]
        for change in changes {
            let isRefused = try await refused { signer, claims in change(try signer.sign(claims)) }
            #expect(isRefused)
        }
        let isRefused = try await refused { signer, claims in
            let good = try signer.sign(claims).split(separator: ".")
            let other = try signer.sign(claims.changed(by: ["jti": "other"])).split(separator: ".")
            return [good[0], other[1], good[2]].joined(separator: ".")
        }
        #expect(isRefused)
    }

    @Test("claims that are no object, repeated or deep are refused")
    func brokenClaims() async throws {
        let payloads = [
            "", "null", "[]", "1", "\"text\"", "{", #"{"iss":"robot","iss":"robot"}"#,
            String(repeating: "[", count: 2000), "\u{FEFF}{}",
        ]
        for payload in payloads {
            let isRefused = try await refused { signer, _ in try signer.sign(signer.header, Array(payload.utf8)) }
            #expect(isRefused)
        }
    }

    @Test("an assertion that is too long is refused before it is read")
    func tooLong() async throws {
        let signer = try Signer()
        let server = try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, signer.client()])
        let long = JSON.string(String(repeating: "x", count: 9000))
        let claims = signer.claims(at: server.clock.now).changed(by: ["x": long])
        #expect(await server.assert(try signer.sign(claims)).error == "invalid_request")
    }
}
