// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@Suite("RFC 6749 section 3.2: invalid input at the token endpoint", .timeLimit(.minutes(10)))
struct HostileInputTests {
    /// A body that must be refused, and the rule that refuses it.
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        var type: String? = "application/x-www-form-urlencoded"
        var query: String?
        let body: [UInt8]
        var error = "invalid_request"
        var testDescription: String { rule }

        init(
            _ rule: String, _ body: String, type: String? = "application/x-www-form-urlencoded",
            error: String = "invalid_request", query: String? = nil
        ) {
            self.init(rule, Array(body.utf8), type: type, error: error, query: query)
        }

        init(
            _ rule: String, _ body: [UInt8], type: String? = "application/x-www-form-urlencoded",
            error: String = "invalid_request", query: String? = nil
        ) {
            self.rule = rule
            self.body = body
            self.type = type
            self.error = error
            self.query = query
        }
    }

    private static let json = "application/json"
    private static let valid = "grant_type=client_credentials"

    static let cases: [Case] = [
        .init("an empty body has no grant_type", ""),
        .init("grant_type without a value", "grant_type="),
        .init("an unknown grant_type", "grant_type=magic", error: "unsupported_grant_type"),
        .init("a grant_type in other letters", "grant_type=Client_Credentials", error: "unsupported_grant_type"),
        .init("grant_type twice", "\(valid)&grant_type=client_credentials"),
        .init("scope twice", "\(valid)&scope=read&scope=write"),
        .init("scope twice, once without a value", "\(valid)&scope=read&scope="),
        .init("scope with a quotation mark", "\(valid)&scope=%22read%22", error: "invalid_scope"),
        .init("scope with a control character", "\(valid)&scope=read%07", error: "invalid_scope"),
        .init("scope with another script", "\(valid)&scope=%D1%87", error: "invalid_scope"),
        .init(
            "65 scope words", "\(valid)&scope=" + (0..<65).map { "w\($0)" }.joined(separator: "+"),
            error: "invalid_scope"),
        .init("a scope of 5,000 bytes", "\(valid)&scope=" + String(repeating: "a", count: 5000)),
        .init("a percent sign without digits", "\(valid)&scope=%"),
        .init("a percent sign with one digit", "\(valid)&scope=%2"),
        .init("a percent sign with other letters", "\(valid)&scope=%GG"),
        .init("a value that is not UTF-8", "\(valid)&scope=%FF%FE"),
        .init("an overlong encoding of UTF-8", "\(valid)&scope=%C0%AF"),
        .init("a name that is not UTF-8", "\(valid)&%FF=1"),
        .init("raw bytes that are not UTF-8", Array("\(valid)&scope=".utf8) + [0xC3, 0x28]),
        .init("an encoded NUL byte", "\(valid)&scope=read%00"),
        .init("a raw NUL byte", Array("\(valid)&scope=read".utf8) + [0]),
        .init("a parameter without a name", "\(valid)&=1"),
        .init("101 parameters", (0..<101).map { "p\($0)=1" }.joined(separator: "&")),
        .init("a client_id of 300 bytes", "\(valid)&client_id=" + String(repeating: "a", count: 300)),
        .init("a client_secret of 600 bytes", "\(valid)&client_secret=" + String(repeating: "a", count: 600)),
        .init("no content type", valid, type: nil),
        .init("another content type", valid, type: "text/plain"),
        .init("a multipart body", valid, type: "multipart/form-data; boundary=x"),
        .init("a form that says it is JSON", valid, type: json),
        .init("parameters in the query", valid, query: "client_id=service&client_secret=x"),
        .init("JSON that ends early", "{\"grant_type\":\"client_cred", type: json),
        .init("JSON that is no object", "[\"grant_type\"]", type: json),
        .init("JSON null", "null", type: json),
        .init("JSON with a number for a parameter", "{\"grant_type\":1}", type: json),
        .init("JSON with an object for a parameter", "{\"grant_type\":{\"a\":1}}", type: json),
        .init("JSON with null for a parameter", "{\"grant_type\":null}", type: json),
        .init("JSON with a mixed array", "{\"grant_type\":[\"client_credentials\",1]}", type: json),
        .init(
            "JSON with a parameter as an array of two", "{\"grant_type\":[\"client_credentials\",\"a\"]}", type: json,
            error: "invalid_request"),
        .init("JSON with a member twice", "{\"grant_type\":\"a\",\"grant_type\":\"client_credentials\"}", type: json),
        .init(
            "JSON with a member twice by escapes", "{\"grant_type\":\"a\",\"grant\\u005ftype\":\"client_credentials\"}",
            type: json),
        .init("JSON 40 levels deep", "{\"grant_type\":" + String(repeating: "[", count: 40), type: json),
        .init("JSON 60,000 levels deep", String(repeating: "[", count: 60_000), type: json),
        .init("JSON with a lone surrogate", "{\"grant_type\":\"\\ud800\"}", type: json),
        .init("JSON with a NUL byte", "{\"grant_type\":\"client_credentials\\u0000\"}", type: json),
        .init("JSON with a control character", "{\"grant_type\":\"client\ncredentials\"}", type: json),
        .init("JSON that is not UTF-8", Array("{\"grant_type\":\"".utf8) + [0xFF, 0x22, 0x7D], type: json),
        .init("JSON with something behind it", "{\"grant_type\":\"client_credentials\"}{}", type: json),
        .init("JSON with a comment", "{/**/\"grant_type\":\"client_credentials\"}", type: json),
        .init("JSON with a trailing comma", "{\"grant_type\":\"client_credentials\",}", type: json),
        .init("JSON with a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8), type: json),
    ]

    @Test(
        "malformed requests get the error that the RFC defines and nothing else", .clause("RFC 6749 section 5.2"),
        arguments: cases)
    func refuses(_ input: Case) async throws {
        let server = try await TestServer()
        var headers = [(name: "authorization", value: Form.basic("service", TestServer.serviceSecret))]
        if let type = input.type { headers.append(("content-type", type)) }
        let answer = await server.send("POST", "/auth/token", query: input.query, headers: headers, body: input.body)
        #expect(answer.error == input.error)
        #expect(answer.status == 400)
        #expect(answer.header("cache-control") == "no-store")
        let description = answer["error_description"] ?? ""
        #expect(description.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }, "RFC 6749 section 5.2")
    }

    @Test("undeclared parameters and parameters without a value are ignored", .clause("RFC 6749 section 3.2"))
    func ignores() async throws {
        let server = try await TestServer()
        #expect(await server.token([("unknown", "1"), ("unknown", "2"), ("scope", "")]).status == 200)
    }

    @Test("no byte in a request can end the process", arguments: 0..<64)
    func survives(_ seed: UInt64) async throws {
        var random = Seeded(state: seed &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        let server = try await TestServer()
        let seeds = [
            HostileInputTests.valid, "{\"grant_type\":\"client_credentials\",\"scope\":\"read\"}", "Basic c2VydmljZTpz",
        ]
        for round in 0..<40 {
            var body = Array(seeds[round % 2].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                body.insert(
                    UInt8.random(in: 0...255, using: &random), at: Int.random(in: 0...body.count, using: &random))
            }
            let type = round % 2 == 0 ? "application/x-www-form-urlencoded" : "application/json"
            let header = String(decoding: Array(seeds[2].utf8).shuffled(using: &random), as: UTF8.self)
            let answer = await server.send(
                "POST", "/auth/token", headers: [("content-type", type), ("authorization", header)], body: body)
            #expect((400..<500).contains(answer.status) && answer.error != nil)
        }
    }
}

/// A seeded random number generator, so that a failure can be repeated (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
