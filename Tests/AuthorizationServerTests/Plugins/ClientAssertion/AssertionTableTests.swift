// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import Cryptography

/// Every claim and header parameter in every wrong form, each with the rule that refuses it: see `TokenTable`.
@Suite("RFC 7523 section 3: every claim of an assertion is checked", .timeLimit(.minutes(10)))
struct AssertionTableTests {
    @Test("a wrong form is refused by its rule, and any other is accepted", arguments: TokenTable.clientAssertion.all)
    func table(_ example: TokenTable.Case) async throws {
        let signer = try Signer()
        let server = try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, signer.client()])
        try #require(server.clock.now.seconds == TokenTable.now)
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

    @Test("claims and headers that are no object, repeat a member, or are deep are refused")
    func brokenJSON() async throws {
        let signer = try Signer()
        let server = try await TestServer(
            TestServer.asserting(), clients: [TestServer.service, signer.client()])
        let claims = signer.claims(at: server.clock.now)
        let payloads = try TokenTable.brokenPayloads(claims).map { try signer.sign(signer.header, Array($0.utf8)) }
        let headers = try TokenTable.brokenHeaders(signer.header).map {
            try signer.sign(raw: Array($0.utf8), claims.bytes)
        }
        for assertion in payloads + headers {
            let answer = await server.assert(assertion)
            #expect(answer.status == 401 && answer.error == "invalid_client", "\(assertion)")
        }
        #expect(await server.assert(try signer.sign(claims)).status == 200)
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
