// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Audience patterns", .timeLimit(.minutes(10)))
struct AudiencePatternTests {
    /// Common patterns, each with an audience that matches and one that does not.
    static let usual: [(pattern: String, good: String, bad: String)] = [
        ("https://[a-z]+\\.example\\.org", "https://api.example.org", "https://api.example.org.evil"),
        ("https://(\\w+\\.?)+example\\.com", "https://a.b.example.com", "https://a-b.example.com"),
        ("^https://api\\.example\\.com/.*$", "https://api.example.com/v1", "https://api.example.com"),
        ("https://.{1,30}\\.example\\.com", "https://a.b.example.com", "https://.example.com"),
        ("(?:a|b|)c{2,}?", "bcccc", "bc"), ("[^/]+", "name", "name/x"), ("[\\w.\\-]+", "a-b_c.D9", "a+b"),
        ("urn:(prod|test):\\d{3}", "urn:test:042", "urn:test:42"), ("\\S\\D", "1x", "x1"), ("a{0}b", "b", "ab"),
    ]

    @Test("a pattern must match the whole audience", arguments: usual)
    func whole(_ example: (pattern: String, good: String, bad: String)) throws {
        let pattern = try AudiencePattern(example.pattern)
        #expect(pattern.matches(example.good.utf8))
        #expect(!pattern.matches(example.bad.utf8))
        for around in ["\(example.good)\n", " \(example.good)", "\(example.good)\u{301}", "\(example.good)\u{0}"] {
            #expect(!pattern.matches(around.utf8))
        }
    }

    /// Patterns that are refused, and the character at which they are.
    static let refused: [(pattern: String, position: Int, word: String)] = [
        ("", 1, "empty"), ("(", 1, "not closed"), ("a(b", 2, "not closed"), ("a)", 2, "closes nothing"),
        ("*a", 1, "to repeat"), ("a**", 3, "cannot be repeated"), ("a++", 3, "possessive"), ("a|+", 3, "to repeat"),
        ("a{,3}", 2, "number"), ("a{3", 2, "written"), ("a{5,3}", 2, "smaller"), ("a{300}", 2, "256"),
        ("a{99999999999999999999}", 2, "256"), ("(a{100}){3}", 1, "too large"), ("(()){256}{2}", 10, "repeated"),
        ("((((a{9}){9}){9}){9})", 3, "too large"), ("a{200}|b{200}", 1, "too large"),
        ("(?=a)b", 1, "look-around"), ("(?i)a", 1, "flags"), ("(?<name>a)", 1, "names"), ("(a)\\1", 4, "\\1"),
        ("\\bx", 1, "\\b"), ("\\p{L}", 1, "\\p"), ("\\sx", 1, "\\s"), ("x\\", 2, "nothing"), ("a^b", 2, "begin"),
        ("a$b", 2, "end"), ("[a", 1, "not closed"), ("[]a]", 1, "empty"), ("[z-a]", 2, "range"),
        ("[[:alpha:]]", 2, "list"),
        ("[a&&b]", 3, "combined"), ("a}", 2, "you mean the character"), ("a b", 2, "printable"), ("ä", 1, "printable"),
        ("K\u{301}", 2, "printable"), (String(repeating: "(", count: 40), 33, "nested"),
        (String(repeating: "a", count: 513), 513, "longer"), (String(repeating: "a", count: 300), 257, "too large"),
    ]

    @Test("an unsupported construct is refused, with its position", arguments: refused)
    func refuses(_ example: (pattern: String, position: Int, word: String)) {
        do {
            _ = try AudiencePattern(example.pattern)
            Issue.record("'\(example.pattern)' was taken")
        } catch {
            #expect(error.position == example.position, "\(example.pattern): \(error.message)")
            #expect(error.message.contains(example.word), "\(error.message)")
        }
    }

    @Test("a generated pattern matches exactly what Swift's own engine matches")
    func agrees() throws {
        var random = SplitMix(state: 28)
        var matched = 0
        for _ in 0..<3_000 {
            let text = AudiencePatternTests.pattern(depth: 3, &random)
            guard let own = try? AudiencePattern(text), let others = try? Regex(text) else {
                #expect((try? AudiencePattern(text))?.matches("".utf8) == nil || (try? Regex(text)) != nil, "\(text)")
                continue
            }
            for _ in 0..<12 {
                let input = String(
                    (0..<Int.random(in: 0...6, using: &random)).map { _ in "ab1.-".randomElement(using: &random)! })
                let expected = input.wholeMatch(of: others) != nil
                #expect(own.matches(input.utf8) == expected, "\(text) and \(input)")
                matched += expected ? 1 : 0
            }
        }
        // Neither engine refuses a generated pattern, and enough of them match.
        #expect(matched > 3_000)
    }

    @Test("random text is a valid pattern or refused with a position within it, and never crashes the server")
    func total() {
        var random = SplitMix(state: 29)
        let letters = Array("ab1.-\\^$|()[]{}*+?,&~:<=!#dwsSDW5")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...24, using: &random)).map { _ in letters.randomElement(using: &random)! })
            do {
                _ = try AudiencePattern(text).matches("ab1.".utf8)
            } catch {
                #expect((1...(text.utf8.count + 1)).contains(error.position) && !error.message.isEmpty, "\(text)")
            }
        }
    }

    @Test(
        "matching takes time linear in the length of the audience",
        arguments: ["(a+)+b", "(a|a)*b", "(a*)*b", "(a|aa)+b", "(.*)*(.*)*(.*)*b", "(a?){100}a{100}b", "((a?)*)*b"])
    func linear(_ text: String) throws {
        let pattern = try AudiencePattern(text)
        func steps(_ count: Int) -> Int { pattern.compare(Array(repeating: UInt8(ascii: "a"), count: count)).steps }
        #expect(steps(400) <= 2 * steps(200) + AudiencePattern.mostPositions)
        #expect(steps(512) <= 512 * AudiencePattern.mostPositions)
        #expect(steps(513) == 0, "what is longer is not looked at")
    }

    /// A small pattern with syntax that both engines support.
    private static func pattern(depth: Int, _ random: inout SplitMix) -> String {
        func part() -> String { pattern(depth: depth - 1, &random) }
        let atoms = [
            "a", "b", "1", "\\.", "-", ".", "[ab]", "[^a]", "[a1-]", "[^.b]", "\\d", "\\w", "\\D", "\\W", "[\\d.]",
        ]
        guard depth > 0 else { return atoms.randomElement(using: &random)! }
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: return part() + part()
        case 2: return "(\(part())|\(part()))"
        case 3: return "(?:\(part()))" + ["*", "+", "?", "*?", "+?"].randomElement(using: &random)!
        case 4: return "(\(part())){\(Int.random(in: 0...2, using: &random)),\(Int.random(in: 2...3, using: &random))}"
        case 5: return "(\(part())|)"
        case 6: return "(\(part())){\(["2", "1,", "0,"].randomElement(using: &random)!)}"
        default: return atoms.randomElement(using: &random)!
        }
    }

    struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private func server(_ audience: JSON) async throws -> TestServer {
        try await TestServer(clients: [
            [
                "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
                "auth": ["client_credentials": ["audience": audience]],
            ]
        ])
    }

    @Test("a client with an unusable pattern, or with too many, is refused with its place")
    func configuration() async throws {
        for (audience, word) in [
            (["#(a"], "at character 1 after the '#'"), (["#a(?=b)"], "at character 2 after the '#'"),
            (.strings((0..<17).map { "#a\($0)" }), "the limit is 16"),
        ] as [(JSON, String)] {
            let error = await #expect(throws: ConfigurationError.self) { try await server(audience) }
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
    }

    @Test("a request with more audiences than a client can have is refused before they are compared")
    func many() async throws {
        let server = try await server(["#(a+)+b"])
        let asked = (0..<33).map { _ in ("audience", String(repeating: "a", count: 200)) }
        let answer = await server.token(asked)
        #expect(answer.error == "invalid_target")
        #expect(await server.token([("audience", "aab")]).status == 200)
    }
}
