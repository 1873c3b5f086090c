// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The core uses no names of plugins", .timeLimit(.minutes(10)))
struct NoNamesTests {
    /// A word that plugins use too, in a folder where it belongs to the core or to a standard.
    private struct SharedWord: Hashable {
        let folder: String
        let word: String
    }

    private func shared() throws -> Set<SharedWord> {
        let file = "\(Build.root)/Tests/Fixtures/shared-words.tsv"
        let rows = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }.map { $0.components(separatedBy: "\t") }
        #expect(rows.allSatisfy { $0.count == 3 && $0[2].count > 10 }, "a row has a folder, words and a reason")
        return Set(
            rows.flatMap { row in
                row[1].split(separator: " ").map { SharedWord(folder: row[0], word: String($0)) }
            })
    }

    /// The plugin names in a literal: the whole literal, or a word in it that is not an English word.
    private func named(in literal: SwiftLiteral, _ names: Set<String>) -> [String] {
        let odd = literal.words.filter { word in word.contains { "-_:".contains($0) } }
        return Set(odd + (literal.whole.map { [$0] } ?? [])).filter(names.contains).sorted()
    }

    @Test("no string literal of the core is or contains a name that a plugin declares")
    func literals() throws {
        let (names, shared) = (try DeclaredNames.all(), try shared())
        #expect(names.isSuperset(of: ["client_credentials", "jwt", "sqlite-store", "pkce"]) && names.count > 60)
        let files = FileManager.default.enumerator(atPath: "\(Build.root)/Sources")?.compactMap { $0 as? String } ?? []
        var (count, met): (Int, Set<SharedWord>) = (0, [])
        for file in files where file.hasSuffix(".swift") && !file.hasPrefix("GrantKit/") {
            let source = try String(contentsOfFile: "\(Build.root)/Sources/\(file)", encoding: .utf8)
            let folder = file.split(separator: "/").dropLast().joined(separator: "/")
            for literal in try SwiftLiteral.all(in: source) {
                count += 1
                for name in named(in: literal, names) {
                    let word = SharedWord(folder: folder, word: name)
                    met.insert(word)
                    #expect(shared.contains(word), "Sources/\(file):\(literal.line) names '\(name)'")
                }
            }
        }
        #expect(count > 3000)
        for word in shared.subtracting(met) { Issue.record("nothing in \(word.folder) says '\(word.word)'") }
    }

    @Test(
        "a name is found however the literal is written, and English words and comments are not taken for one",
        arguments: [
            (#"let a = "jwt-token""#, ["jwt-token"]), (#"let a = "such as 'jwt-token'""#, ["jwt-token"]),
            (#"let a = "a refresh_token: \(b) more""#, ["refresh_token"]), (#"let a = "pkce""#, ["pkce"]),
            ("let a = \"\"\"\n    one refresh_token \\\n    two\n    \"\"\"", ["refresh_token"]),
            ("let a = #\"a \"jwt-token\" \\(b)\"#", ["jwt-token"]),
            (#"let a = "\(b ? "jwt-token" : ("c"))""#, ["jwt-token"]),
            (#"let a = "jwt\u{2D}token""#, ["jwt-token"]), ("let a = \"\"\"\n    pkce\n    \"\"\"", ["pkce"]),
            (#"let a = "\"pkce\"""#, []), (#"let a = "the pkce of a request""#, []), (#"// "jwt-token""#, []),
            (#"/* /* "pkce" */ "jwt-token" */ let a = "b""#, []), (#"let a = "b" // "pkce""#, []),
            (#"let a = "jwt-tokens and refresh_token_x""#, []), (#"let a = "//"; let b = "pkce""#, ["pkce"]),
        ])
    func readings(_ source: String, _ found: [String]) throws {
        let names: Set<String> = ["jwt-token", "refresh_token", "pkce"]
        let literals = try SwiftLiteral.all(in: source)
        #expect(literals.flatMap { named(in: $0, names) } == found)
    }

    @Test("an unterminated literal is not skipped", arguments: [#"let a = "b"#, #"let a = "\(b""#, #""\q""#])
    func unreadable(_ source: String) {
        #expect(throws: (any Error).self) { try SwiftLiteral.all(in: source) }
    }
}
