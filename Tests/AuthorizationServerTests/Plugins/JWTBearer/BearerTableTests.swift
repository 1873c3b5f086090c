// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import Cryptography

/// Every claim and header parameter in every wrong form, each with the rule that refuses it.
@Suite("RFC 7523 section 3: every claim of a token of another issuer is checked", .timeLimit(.minutes(10)))
struct BearerTableTests {
    /// A change of a good token, and what the log says about it; nil if it stays good.
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

    /// Values that are no string.
    private static func noStrings(_ rule: String?) -> [(String, JSON, String?)] {
        [
            ("null", null, rule), ("a number", 1, rule), ("true", true, rule), ("an array", ["a"], rule),
            ("an object", ["a": "b"], rule),
        ]
    }

    // MARK: who

    private static let unknown = "its issuer is not among the 'issuers' of the plugin"
    private static let nobody = "no user has its issuer and subject among the 'identities'"

    static let parties =
        claim(
            "iss",
            noStrings(unknown) + [
                ("absent", .null, unknown), ("empty", "", unknown), ("huge", huge, unknown),
                ("with a slash", .string(TrustedParty.issuer + "/"), unknown),
                ("in capitals", "HTTPS://IDP.EXAMPLE.COM", unknown), ("the client", "robot", unknown),
                ("this server", "https://id.example.com", unknown),
            ])
        + claim(
            "sub",
            noStrings("its 'sub' is not a string") + [
                ("absent", .null, "it has no 'sub'"), ("empty", "", "it has no 'sub'"), ("huge", huge, nobody),
                ("another that fits", "workload:other", nil), ("without what follows", "workload:", nobody),
                ("in capitals", "WORKLOAD:1", nobody), ("with something before", "a-workload:1", nobody),
                ("an e-mail address of a user", "ann@example.com", nobody), ("the id of a user", "ann", nobody),
                ("the asterisk", "*", nobody), ("with a zero byte", "workload\u{0}:1", nobody),
            ])

    // MARK: audience and times

    private static let issuer = "https://id.example.com"
    private static let elsewhere = "it is for another audience"
    private static let noAudience = "its 'aud' is not a string or a list of strings"

    static let audiences = claim(
        "aud",
        [
            ("absent", .null, "it has no 'aud'"), ("null", null, noAudience), ("a number", 1, noAudience),
            ("an object", [:], noAudience), ("empty", "", "it has no 'aud'"), ("an empty array", [], "it has no 'aud'"),
            ("huge", huge, elsewhere), ("an array of just it", [.string(issuer)], nil),
            ("an array with another", [.string(issuer), "https://other.example.com"], "it is for other audiences too"),
            ("an array with it twice", [.string(issuer), .string(issuer)], "it is for other audiences too"),
            ("an array with a number", [.string(issuer), 1], noAudience),
            ("an array in an array", [[.string(issuer)]], noAudience),
            ("with a slash", .string(issuer + "/"), elsewhere), ("in capitals", "HTTPS://ID.EXAMPLE.COM", elsewhere),
            ("another server", "https://other.example.com", elsewhere), ("the client", "robot", elsewhere),
            ("the token endpoint", .string(issuer + "/auth/token"), elsewhere),
        ])

    private static func times(_ name: String, _ forms: [(String, JSON, String?)]) -> [Case] {
        let kind = "its '\(name)' is not a time"
        let wrong: [(String, JSON, String?)] = [
            ("null", null, kind), ("text", "1800000060", kind), ("true", true, kind), ("an array", [1], kind),
            ("an object", [:], kind), ("empty", "", kind), ("too large to be a time", .number(1e300), kind),
        ]
        return claim(name, wrong + forms)
    }

    private static func starts(_ name: String) -> [Case] {
        let future = "its '\(name)' is in the future"
        return times(
            name,
            [
                ("absent", .null, nil), ("in the past", .integer(now - 9999), nil),
                ("8 seconds ahead", .integer(now + 8), nil), ("60 seconds ahead", .integer(now + 60), future),
                ("at the end of time", .integer(.max), future),
            ])
    }

    static let moments =
        times(
            "exp",
            [
                ("absent", .null, "it has no 'exp'"), ("now", .integer(now), "it has expired"),
                ("in the past", .integer(now - 300), "it has expired"), ("negative", -1, "it has expired"),
                ("in a second", .integer(now + 1), nil), ("in an hour", .integer(now + 3600), nil),
                ("far ahead", .integer(now + 3700), "it is valid for too long"),
                ("at the end of time", .integer(.max), "it is valid for too long"),
            ]) + starts("nbf") + starts("iat")

    // MARK: the other claims

    static let others =
        claim(
            "jti",
            noStrings("its 'jti' is not a string") + [
                ("absent", .null, nil), ("empty", "", "it has no 'jti'"), ("huge", huge, nil),
                ("with a zero byte", "a\u{0}b", nil),
            ])
        + claim(
            "scope",
            noStrings("its 'scope' is not a string") + [
                ("absent", .null, nil), ("of one value", "read", nil), ("of another", "all", nil), ("huge", huge, nil),
            ])
        + ["cnf", "act", "authorization_details"].flatMap { name in
            claim(
                name,
                noStrings("it has '\(name)', a constraint") + [
                    ("a string", "a", "it has '\(name)', a constraint"),
                    ("empty", [:], "it has '\(name)', a constraint"),
                ])
        } + [
            Case("claims that nobody knows", claims: ["admin": true, "groups": ["admins"], "client_id": "x"], nil),
            Case("an e-mail address of a user", claims: ["sub": "x", "email": "ann@example.com"], nobody),
        ]

    // MARK: header

    private static let badType = "its 'typ' is not accepted"
    private static let unread = "it is not a signed JWT"

    static let types = parameter(
        "typ",
        noStrings(badType) + [
            ("absent", .null, nil), ("in small letters", "jwt", nil), ("with application/", "application/jwt", nil),
            ("empty", "", badType), ("huge", huge, badType), ("an access token's", "at+jwt", badType),
            ("a client assertion's", "client-authentication+jwt", badType), ("a proof's", "dpop+jwt", badType),
            ("an identity assertion's", "oauth-id-jag+jwt", "it is for another client"),
            ("an identity assertion's in capitals", "OAUTH-ID-JAG+JWT", badType),
        ])

    static let headers =
        types
        + parameter(
            "kid",
            [
                ("absent", .null, nil), ("null", null, unread), ("a number", 1, unread), ("an array", ["a"], unread),
                ("empty", "", "no key with this 'kid' fits"), ("huge", huge, "no key with this 'kid' fits"),
                ("another's", "other", "no key with this 'kid' fits"),
                ("a path", "../../dev/null", "no key with this 'kid' fits"),
            ])
        + parameter(
            "crit",
            [("null", null, unread), ("empty", [], unread), ("known", ["exp"], unread), ("unknown", ["x"], unread)])
        + parameter(
            "alg",
            [
                ("absent", .null, unread), ("null", null, unread), ("none", "none", unread), ("None", "None", unread),
                ("a number", 1, unread), ("an array", ["ES256"], unread), ("empty", "", unread),
                ("of a code", "HS256", "it has a message authentication code instead of a signature"),
                ("of another curve", "ES384", "no key with this 'kid' fits"),
                ("of another kind", "RS256", "no key with this 'kid' fits"),
            ])
        // They never decide which key verifies, so they change nothing.
        + ["jku", "x5u", "x5c", "x5t", "jwk", "cty", "zip", "b64"].map { name in
            Case("\(name) of an attacker", header: .object([.init(name, "https://evil.example.com/keys")]), nil)
        }

    static let all = parties + audiences + moments + others + headers

    @Test("a wrong form is refused by its rule, and any other is accepted", arguments: all)
    func table(_ example: Case) async throws {
        let party = try TrustedParty()
        let server = try await TestServer(
            TestServer.trusting(party.entry()), clients: [TestServer.robot()], users: [TestServer.person()])
        try #require(server.clock.now.seconds == Self.now)
        let claims = party.claims(at: server.clock.now, example.claims)
        let answer = await server.trade(try party.token(claims, header: example.header))
        guard let rule = example.rule else {
            #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
            return
        }
        #expect(TestServer.isRefused(answer), "\(answer.json)")
        #expect(server.log.lines.contains { $0.contains(rule) }, "\(server.log.lines)")
        #expect(!answer.json.text.contains("hhhh"), "nothing of the token is repeated")
    }

    // MARK: signatures

    private func refused(_ make: (TrustedParty, JSON) throws -> String) async throws -> Bool {
        let party = try TrustedParty()
        let server = try await TestServer(TestServer.trusting(party.entry()), clients: [TestServer.robot()])
        let claims = party.claims(at: server.clock.now)
        let good = await server.trade(try party.token(claims))
        #expect(good.status == 200)
        return TestServer.isRefused(await server.trade(try make(party, claims)))
    }

    @Test("a message authentication code with the public key is refused (RFC 8725 section 2.1)")
    func publicKeyAsSecret() async throws {
        let isRefused = try await refused { party, claims in
            let header = party.signer.header.changed(by: ["alg": "HS256", "typ": "JWT"])
            let text = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
            let code = HashFunction.sha256.code(Array(text.utf8), key: party.signer.jwk.bytes)
            return text + "." + Base64URL.encode(code)
        }
        #expect(isRefused)
    }

    @Test("a key of somebody else is refused, also if the header has it or it has the same 'kid'")
    func foreignKey() async throws {
        let attacker = try TrustedParty()
        for header in [["jwk": attacker.signer.jwk], ["kid": .null, "jwk": attacker.signer.jwk], [:]] as [JSON] {
            let isRefused = try await refused { party, claims in
                var changes = header
                if changes["kid"] == nil { changes["kid"] = party.signer.header["kid"] }
                return try attacker.token(claims, header: changes)
            }
            #expect(isRefused)
        }
    }

    @Test("two issuers do not share keys, subjects or users")
    func apart() async throws {
        let (first, second) = (try TrustedParty(), try TrustedParty("https://other.example.com"))
        let server = try await TestServer(
            TestServer.trusting(first.entry(), second.entry()), clients: [TestServer.robot()],
            users: [TestServer.person()])
        let about: JSON = ["sub": .string(TrustedParty.person)]
        #expect(await server.trade(try first.token(first.claims(at: server.clock.now, about))).status == 200)
        let own = await server.trade(try second.token(second.claims(at: server.clock.now, about)))
        #expect(TestServer.isRefused(own), "the same subject at another issuer is another person")
        let forged = await server.trade(try second.token(first.claims(at: server.clock.now, about)))
        #expect(TestServer.isRefused(forged))
    }
}
