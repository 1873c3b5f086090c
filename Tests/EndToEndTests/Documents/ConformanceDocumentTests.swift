// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The tests of this tree with their names and the clauses they prove, read from the sources.
struct ProvedClauses {
    struct Proof {
        let suite: String
        let name: String
        let clauses: [String]
        /// Whether the test only runs if something is installed or set.
        let isConditional: Bool
    }

    let proofs: [Proof]

    init() throws {
        let folder = "\(Build.root)/Tests"
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        proofs = try files.filter { $0.hasSuffix("Tests.swift") }.sorted().flatMap { file in
            ProvedClauses.read(try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8))
        }
    }

    static func read(_ source: String) -> [Proof] {
        var suite = ""
        return source.components(separatedBy: "\n@Suite(").flatMap { part in
            if let title = part.firstMatch(of: /^\s*"([^"]*)"/) { suite = String(title.1) }
            let isConditional = part.prefix(upTo: part.range(of: "\nstruct ")?.lowerBound ?? part.startIndex)
                .contains(".enabled(")
            return part.components(separatedBy: "@Test(").dropFirst().compactMap { test -> Proof? in
                let head = String(test.prefix(upTo: test.range(of: "\n    func ")?.lowerBound ?? test.endIndex))
                guard let name = name(head) else { return nil }
                let clauses = head.matches(of: /\.clause\(\s*"([^"]*)"\)/).map { String($0.1) }
                return Proof(
                    suite: suite, name: name, clauses: clauses,
                    isConditional: isConditional || head.contains(".enabled("))
            }
        }
    }

    private static func name(_ head: String) -> String? {
        if let long = head.firstMatch(of: /^\s*"""\n((?:.|\n)*?)\n\s*"""/) {
            return String(long.1).replacing(/\\\n\s*/, with: "").trimmingCharacters(in: .whitespaces)
        }
        return head.firstMatch(of: /^\s*"((?:[^"\\]|\\.)*)"/).map { String($0.1).replacing("\\\"", with: "\"") }
    }
}

@Suite("Docs/Conformance.md says what the tests prove", .timeLimit(.minutes(10)))
struct ConformanceDocumentTests {
    private func rows() throws -> [[String]] {
        try String(contentsOfFile: "\(Build.root)/Tests/Fixtures/conformance.tsv", encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.components(separatedBy: "\t") }
    }

    /// The test that covers a line, or nil.
    private func proof(_ item: String, _ mark: String, _ all: ProvedClauses) -> ProvedClauses.Proof? {
        let start = String(mark.dropFirst())
        return all.proofs.first { proof in
            guard start.isEmpty else { return proof.name.hasPrefix(start) }
            let words = proof.name.prefix { $0 != ":" }.components(separatedBy: ", ")
            return words.contains(item)
        }
    }

    private func document() throws -> String {
        let all = try ProvedClauses()
        var text = """
            # Conformance

            This page is generated from the tests. `GRANTOR_WRITE=1 Scripts/test --filter ConformanceDocument` updates it.

            ## Public test suites

            The modules of the OpenID Foundation's suite and the checks of OAuch, described in our own words, each with the
            test that covers it or the reason why there is none.

            | suite | module or check | test |
            | --- | --- | --- |

            """
        for row in try rows() {
            let test = proof(row[1], row[2], all)?.name
            text += "| \(row[0]) | \(row[1]) | \(test ?? "none: \(row[2].dropFirst())") |\n"
        }
        text += "\n## Clauses of specifications\n\n| clause | test |\n| --- | --- |\n"
        let clauses = all.proofs.flatMap { proof in proof.clauses.map { ($0, proof.name) } }
        for (clause, name) in clauses.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
            text += "| \(clause) | \(name) |\n"
        }
        return text
    }

    @Test("each line of the public suites has a test or a reason")
    func complete() throws {
        let all = try ProvedClauses()
        let rows = try rows()
        #expect(all.proofs.count > 150 && rows.count > 60)
        #expect(rows.count { $0[0] == "Basic OP" } == 38)
        for row in rows {
            if row[2].hasPrefix("-") {
                #expect(row[2].count > 5, "\(row[1]) has no reason")
            } else {
                #expect(proof(row[1], row[2], all) != nil, "no test for \(row[1]) (\(row[2]))")
            }
        }
    }

    /// The names in a reason which says that no plugin has them, if a plugin has them by now.
    private func outdated(_ reason: String, _ names: Set<String>) -> [String] {
        reason.matches(of: /`([^`]+)`/).map { String($0.1) }.filter(names.contains)
    }

    @Test("a reason based on a missing plugin names what it would declare, and is valid until one does")
    func reasons() throws {
        let names = try DeclaredNames.all()
        let reasons = try rows().map { $0[2] }.filter { $0.hasPrefix("-") }
        #expect(reasons.count > 5)
        for reason in reasons {
            #expect(outdated(reason, names).isEmpty, "a plugin declares it now: \(reason)")
            #expect(!reason.contains("plugin") || reason.contains("`"), "\(reason)")
        }
        #expect(outdated("-no plugin has `revocation_endpoint` or `sqlite-store`", names).count == 2)
    }

    @Test("the document is the one that the tests generate")
    func current() throws {
        let path = "\(Build.root)/Docs/Conformance.md"
        let text = try document()
        if ProcessInfo.processInfo.environment["GRANTOR_WRITE"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let written = try String(contentsOfFile: path, encoding: .utf8)
        #expect(written == text, "update it with GRANTOR_WRITE=1")
    }
}
