// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import Cryptography

/// Every claim and header parameter in every wrong form, each with the rule that refuses it: see `TokenTable`.
@Suite("RFC 7523 section 3: every claim of a token of another issuer is checked", .timeLimit(.minutes(10)))
struct BearerTableTests {
    /// What a token of another issuer can be good for.
    enum Use: CaseIterable {
        case grant, client, identityAssertion

        var table: TokenTable {
            switch self {
            case .grant: .grant
            case .client: .federated
            case .identityAssertion: .identityAssertion
            }
        }

        /// What its claims have that others need not have.
        var claims: JSON {
            guard self == .identityAssertion else { return [:] }
            return ["sub": .string(TrustedParty.person), "client_id": "robot", "jti": "a-1"]
        }

        var type: JSON { .string(table.types[0]) }

        private var client: JSON {
            let audience: JSON = ["https://api.example.com", "https://other.example.com"]
            let pattern: JSON = ["issuer": .string(TrustedParty.issuer), "subject": "workload:*"]
            return switch self {
            case .grant: TestServer.robot()
            case .client:
                TestServer.robot([
                    "secret": .null, "auth": .null, "federated": [pattern], "grant_types": ["client_credentials"],
                ])
            case .identityAssertion: TestServer.robot(["auth": ["jwt_bearer": ["audience": audience]]])
            }
        }

        func server(_ party: TrustedParty) async throws -> TestServer {
            let entry = party.entry(["types": .strings(table.types)])
            return try await TestServer(
                TestServer.trusting(entry), clients: [TestServer.service, client], users: [TestServer.person()])
        }

        func send(_ token: String, to server: TestServer) async -> Answer {
            switch self {
            case .grant, .identityAssertion: await server.trade(token)
            case .client: await server.assert(token, [("client_id", "robot")])
            }
        }

        func isRefused(_ answer: Answer) -> Bool {
            guard self == .client else { return TestServer.isRefused(answer) }
            return answer.status == 401 && answer.error == "invalid_client"
        }
    }

    /// A case of a table.
    struct Example: Sendable, CustomTestStringConvertible {
        let use: Use
        let change: TokenTable.Case

        var testDescription: String { "\(use): \(change.change)" }
    }

    static let all = Use.allCases.flatMap { use in use.table.all.map { Example(use: use, change: $0) } }

    @Test("a wrong form is refused by its rule, and any other is accepted", arguments: all)
    func table(_ example: Example) async throws {
        let (use, change, party) = (example.use, example.change, try TrustedParty())
        let server = try await use.server(party)
        try #require(server.clock.now.seconds == TokenTable.now)
        let claims = party.claims(at: server.clock.now, use.claims).changed(by: change.claims)
        let header = party.signer.header.changed(by: ["typ": use.type]).changed(by: change.header)
        let answer = await use.send(try party.signer.sign(header, claims.bytes), to: server)
        guard let rule = change.rule else {
            #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
            return
        }
        #expect(use.isRefused(answer), "\(answer.json)")
        #expect(server.log.lines.contains { $0.contains(rule) }, "\(server.log.lines)")
        #expect(!answer.json.text.contains("hhhh"), "nothing of the token is repeated")
        #expect(!server.log.lines.contains { $0.contains("hhhh") }, "nor in the log")
    }

    @Test("claims and headers that are no object, repeat a member, or are deep are refused", arguments: Use.allCases)
    func brokenJSON(_ use: Use) async throws {
        let party = try TrustedParty()
        let server = try await use.server(party)
        let claims = party.claims(at: server.clock.now, use.claims)
        let header = party.signer.header.changed(by: ["typ": use.type])
        let payloads = try TokenTable.brokenPayloads(claims).map { try party.signer.sign(header, Array($0.utf8)) }
        let headers = try TokenTable.brokenHeaders(header).map {
            try party.signer.sign(raw: Array($0.utf8), claims.bytes)
        }
        for token in payloads + headers {
            #expect(use.isRefused(await use.send(token, to: server)), "\(token)")
        }
        #expect(await use.send(try party.token(claims, header: header), to: server).status == 200)
    }

    // MARK: signatures

    /// Whether a token is refused for every use, made from a good one.
    private func isRefused(_ make: (TrustedParty, JSON, JSON) throws -> String) async throws -> Bool {
        var all = true
        for use in Use.allCases {
            let party = try TrustedParty()
            let server = try await use.server(party)
            let claims = party.claims(at: server.clock.now, use.claims)
            let header = party.signer.header.changed(by: ["typ": use.type])
            let answer = await use.send(try make(party, header, claims), to: server)
            all = all && use.isRefused(answer)
            #expect(await use.send(try party.token(claims, header: header), to: server).status == 200)
        }
        return all
    }

    @Test("a message authentication code with the public key is refused (RFC 8725 section 2.1)")
    func publicKeyAsSecret() async throws {
        let isRefused = try await isRefused { party, header, claims in
            let header = header.changed(by: ["alg": "HS256"])
            let text = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
            let code = HashFunction.sha256.code(Array(text.utf8), key: party.signer.jwk.bytes)
            return text + "." + Base64URL.encode(code)
        }
        #expect(isRefused)
    }

    @Test("a key of somebody else is refused, also if the header has it or it has the same 'kid'")
    func foreignKey() async throws {
        let attacker = try TrustedParty()
        let own = attacker.signer.header["kid"] ?? .null
        for changes in [["jwk": attacker.signer.jwk], ["kid": .null, "jwk": attacker.signer.jwk], ["kid": own], [:]]
            as [JSON]
        {
            let isRefused = try await isRefused { _, header, claims in
                try attacker.signer.sign(header.changed(by: changes), claims.bytes)
            }
            #expect(isRefused)
        }
    }

    @Test("a signature that is cut, empty, longer or of other claims is refused")
    func brokenSignature() async throws {
        let changes: [@Sendable (String) -> String] = [
            { String($0.dropLast(4)) }, { $0 + "AAAA" }, { $0 + "=" },
            { $0.split(separator: ".").dropLast().joined(separator: ".") + "." },
            { $0.split(separator: ".").dropLast().joined(separator: ".") }, { $0 + ".e30" }, { " " + $0 },
            { $0 + "\n" }, { $0.replacing(".", with: "..") },
        ]
        for change in changes {
            let isRefused = try await isRefused { party, header, claims in
                change(try party.signer.sign(header, claims.bytes))
            }
            #expect(isRefused)
        }
        let isRefused = try await isRefused { party, header, claims in
            let good = try party.signer.sign(header, claims.bytes).split(separator: ".")
            let other = try party.signer.sign(header, claims.changed(by: ["x": 1]).bytes).split(separator: ".")
            return [good[0], other[1], good[2]].joined(separator: ".")
        }
        #expect(isRefused)
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
