// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A test, a golden file or a script that SECURITY.md rests a promise on.
private struct Citation: CustomStringConvertible {
    /// The suite, or the path of a script.
    let source: String
    /// The beginning of a test's name, or what is said of it; nil for the whole suite.
    let name: String?

    var description: String { "`\(source)`" + (name.map { ": \($0)" } ?? "") }

    /// Those of one cell: a name without a suite is of the suite before it.
    static func all(in cell: String) -> [Citation] {
        var source = ""
        return cell.replacing(". `", with: "; `").components(separatedBy: "; ").map { piece in
            guard let cited = piece.wholeMatch(of: /`([A-Za-z0-9\/]+)`(?:: (.*))?/) else {
                return Citation(source: source, name: piece)
            }
            source = String(cited.1)
            return Citation(source: source, name: cited.2.map(String.init))
        }
    }
}

@Suite("SECURITY.md promises what tests prove", .timeLimit(.minutes(10)))
struct SecurityDocumentTests {
    private func promises() throws -> [(promise: String, citations: [Citation])] {
        try String(contentsOfFile: "\(Build.root)/SECURITY.md", encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| ") && $0.hasSuffix(" |") }
            .map { $0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
            .filter { $0.count == 2 && $0[1].contains("`") }.map { ($0[0], Citation.all(in: $0[1])) }
    }

    /// The names of the tests of each suite.
    private func suites() throws -> [String: [String]] {
        let folder = "\(Build.root)/Tests"
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var suites: [String: [String]] = [:]
        for file in files where file.hasSuffix("Tests.swift") {
            let source = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            let names = ProvedClauses.read(source).map(\.name)
            for suite in source.matches(of: /struct (\w+Tests)\b/) { suites[String(suite.1), default: []] += names }
        }
        return suites
    }

    @Test("each promise names at least one test, and every test that is named exists")
    func citations() throws {
        let (promises, suites) = (try promises(), try suites())
        #expect(promises.count > 60 && suites.count > 80)
        for (promise, citations) in promises {
            for citation in citations { #expect(exists(citation, suites), "\(promise): \(citation)") }
        }
    }

    private func exists(_ citation: Citation, _ suites: [String: [String]]) -> Bool {
        if citation.source.hasPrefix("Scripts/") {
            return FileManager.default.isExecutableFile(atPath: "\(Build.root)/\(citation.source)")
        }
        guard let tests = suites[citation.source] else { return false }
        guard let name = citation.name else { return !tests.isEmpty }
        if name.hasPrefix("the golden files ") { return name.matches(of: /`([a-z*-]+)`/).allSatisfy { isGolden($0.1) } }
        return tests.contains { $0.contains(name) || name.hasPrefix($0) }
    }

    /// Whether a file of diagnostics has the name, or begins as the pattern does.
    private func isGolden(_ pattern: Substring) -> Bool {
        let files = try? FileManager.default.contentsOfDirectory(atPath: "\(Build.root)/Tests/Fixtures/diagnostics")
        let start = pattern.prefix { $0 != "*" }
        return files?.contains { $0.hasPrefix(start) } ?? false
    }

    @Test("a name that no test has is noticed")
    func notices() throws {
        let suites = try suites()
        for cell in ["`NoSuchTests`", "`KillTests`: a test that nobody wrote", "`Scripts/nothing`", "some words"] {
            #expect(Citation.all(in: cell).allSatisfy { !exists($0, suites) }, "\(cell)")
        }
    }
}
