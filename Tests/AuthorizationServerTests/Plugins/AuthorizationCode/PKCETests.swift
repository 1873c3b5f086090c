// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import Support
import Testing

@Suite("Proof Key for Code Exchange (RFC 7636)", .timeLimit(.minutes(10)))
struct PKCETests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        var client = "lax"
        var challenge: String?
        var method: String?
        var verifier: String?
        /// The result: a code and tokens, or the endpoint that refuses.
        let result: Result

        enum Result: Sendable { case tokens, noCode, noTokens, badRequest }

        var testDescription: String { rule }
    }

    private static let v = Demo.verifier
    private static let c = Demo.challenge
    private static func many(_ count: Int, _ letter: Character = "a") -> String {
        String(repeating: letter, count: count)
    }
    /// The challenge of a string, even one that cannot be a verifier.
    private static func challenge(_ text: String) -> String { SystemCryptography().digest(text) }

    @Test(
        "the truth table of challenge, method and verifier", .clause("RFC 7636 sections 4.1 to 4.6"),
        arguments: [
            Case(rule: "4.6: fitting verifier", challenge: c, method: "S256", verifier: v, result: .tokens),
            Case(rule: "9700 2.1.1: neither, where the client may", result: .tokens),
            Case(rule: "4.4.1: no challenge, where it is required", client: "house", result: .noCode),
            Case(rule: "4.3: a challenge without a method means plain", challenge: c, verifier: v, result: .noCode),
            Case(rule: "7.2: plain", challenge: v, method: "plain", verifier: v, result: .noCode),
            Case(rule: "4.3: another method", challenge: c, method: "S512", verifier: v, result: .noCode),
            Case(rule: "4.3: the method's case", challenge: c, method: "s256", verifier: v, result: .noCode),
            Case(rule: "4.3: a method without a challenge", method: "S256", result: .noCode),
            Case(rule: "4.2: a short challenge", challenge: String(c.dropLast()), method: "S256", result: .noCode),
            Case(rule: "4.2: a long challenge", challenge: c + "a", method: "S256", result: .noCode),
            Case(rule: "4.2: padding", challenge: c + "=", method: "S256", result: .noCode),
            Case(
                rule: "4.2: base64 instead of base64url", challenge: c.replacing("-", with: "+"), method: "S256",
                result: .noCode),
            Case(
                rule: "9700 2.1.1: no verifier to a challenge", challenge: c, method: "S256", result: .noTokens),
            Case(rule: "9700 2.1.1: a verifier to no challenge", verifier: v, result: .noTokens),
            Case(
                rule: "4.6: another verifier", challenge: c, method: "S256", verifier: many(43), result: .noTokens),
            Case(
                rule: "4.6: the challenge itself", challenge: c, method: "S256", verifier: c, result: .noTokens),
            Case(
                rule: "4.6: another case", challenge: c, method: "S256", verifier: v.uppercased(), result: .noTokens),
            Case(
                rule: "4.6: a trailing space", challenge: c, method: "S256", verifier: v + " ", result: .noTokens),
            Case(
                rule: "4.1: 42 characters", challenge: challenge(many(42)), method: "S256", verifier: many(42),
                result: .noTokens),
            Case(
                rule: "4.1: 43 characters", challenge: challenge(many(43)), method: "S256", verifier: many(43),
                result: .tokens),
            Case(
                rule: "4.1: 128 characters", challenge: challenge(many(128)), method: "S256", verifier: many(128),
                result: .tokens),
            Case(
                rule: "4.1: 129 characters", challenge: challenge(many(129)), method: "S256", verifier: many(129),
                result: .noTokens),
            Case(
                rule: "4.1: all unreserved characters", challenge: challenge(many(40) + "-._~"), method: "S256",
                verifier: many(40) + "-._~", result: .tokens),
            Case(
                rule: "4.1: a slash", challenge: challenge(many(43) + "/"), method: "S256", verifier: many(43) + "/",
                result: .noTokens),
            Case(
                rule: "4.1: a letter outside of ASCII", challenge: challenge(many(43) + "\u{E9}"), method: "S256",
                verifier: many(43) + "\u{E9}", result: .noTokens),
            Case(
                rule: "4.1: more than any verifier", challenge: challenge(many(2000)), method: "S256",
                verifier: many(2000), result: .badRequest),
        ])
    func truthTable(_ row: Case) async throws {
        let server = try await Demo.server()
        let landed = await server.code([
            ("client_id", row.client), ("code_challenge", row.challenge), ("code_challenge_method", row.method),
        ])
        guard row.result != .noCode else {
            #expect(landed.query["error"] == "invalid_request" && landed.query["code"] == nil, "\(row.rule)")
            return
        }
        let code = try #require(landed.query["code"], "\(row.rule): \(landed.html)")
        let answer = await server.redeem(code, [("code_verifier", row.verifier)], as: (row.client, Demo.secret))
        switch row.result {
        case .tokens: #expect(answer["access_token"] != nil, "\(row.rule): \(answer.html)")
        case .badRequest: #expect(answer.error == "invalid_request", "\(row.rule)")
        default: #expect(answer.error == "invalid_grant" && answer["access_token"] == nil, "\(row.rule)")
        }
    }

    @Test("a public client must send a challenge, whatever its configuration says", .clause("RFC 9700 section 2.1.1"))
    func publicClient() async throws {
        var client = Demo.native
        client["auth"] = ["authorization_code": ["redirect_uri": "https://app.example.com/spa", "pkce": false]]
        let server = try await Demo.server(clients: [client])
        let answer = await Browser(server).authorize(
            Demo.request([
                ("client_id", "native"), ("redirect_uri", "https://app.example.com/spa"), ("code_challenge", nil),
                ("code_challenge_method", nil),
            ]))
        #expect(answer.query["error"] == "invalid_request")
    }

    @Test("a wrong verifier does not use up the code: the right one still redeems it")
    func wrongThenRight() async throws {
        let server = try await Demo.server()
        let code = await server.code().query["code"] ?? ""
        let house = ("house", Demo.secret)
        let wrong = await server.redeem(code, [("code_verifier", Self.many(43))], as: house)
        #expect(wrong.error == "invalid_grant")
        #expect(await server.redeem(code, as: house).status == 200)
    }
}
