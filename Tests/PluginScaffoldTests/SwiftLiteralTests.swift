// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PluginScaffold

@Suite("A path as a literal of Swift", .timeLimit(.minutes(10)))
struct SwiftLiteralTests {
    @Test(
        "says exactly what the path is",
        arguments: [
            ("../GrantKit", #""../GrantKit""#), (#"/a "b""#, #""/a \"b\"""#), (#"/a\b"#, #""/a\\b""#),
            (#"/\(x)"#, #""/\\(x)""#), ("/é😀", "\"/é😀\""), ("/a\nb", #""/a\u{a}b""#), ("/\u{202E}a", #""/\u{202e}a""#),
            ("/\u{A0}", #""/\u{a0}""#), ("", "\"\""),
        ])
    func examples(_ path: String, _ literal: String) {
        #expect(SwiftLiteral.of(path) == literal)
    }

    @Test("whatever it contains, the compiler reads the same bytes")
    func generated() throws {
        let odd: [Unicode.Scalar] = [
            "\"", "\\", "(", ")", "\n", "\r", "\0", "#", "/", "u", "{", "}", "\u{301}", "\u{2028}",
        ]
        for _ in 0..<2000 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...20) {
                let any = Unicode.Scalar(UInt32.random(in: 0...0x10FFFF)) ?? "x"
                scalars.append(Bool.random() ? any : odd.randomElement() ?? "x")
            }
            let text = String(scalars)
            let literal = SwiftLiteral.of(text)
            #expect(Array(try SwiftLiteralTests.read(literal).utf8) == Array(text.utf8), "\(literal)")
            #expect(!literal.unicodeScalars.contains { ["\n", "\r", "\0", "\u{2028}", "\u{202E}"].contains($0) })
        }
    }

    private struct Unreadable: Error {}

    /// Reads a literal on one line by the rules of Swift.
    private static func read(_ literal: String) throws -> String {
        var (rest, text) = (Array(literal.unicodeScalars)[...], String.UnicodeScalarView())
        guard rest.popFirst() == "\"", rest.popLast() == "\"" else { throw Unreadable() }
        while let scalar = rest.popFirst() {
            guard scalar != "\"" else { throw Unreadable() }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "\"": text.append("\"")
            case "\\": text.append("\\")
            case "u":
                let digits = rest.dropFirst().prefix { $0 != "}" }
                guard rest.first == "{", let code = UInt32(digits.map { "\($0)" }.joined(), radix: 16),
                    let scalar = Unicode.Scalar(code)
                else { throw Unreadable() }
                text.append(scalar)
                rest = rest.dropFirst(digits.count + 2)
            default: throw Unreadable()
            }
        }
        return String(text)
    }
}
