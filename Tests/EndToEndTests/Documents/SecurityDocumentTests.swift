// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A test, a golden file or a script that SECURITY.md cites for a promise.
private struct Citation: CustomStringConvertible {
    /// The name of the suite or the path of the script.
    let source: String
    /// The beginning of a test's title, or a remark about it; nil for the whole suite.
    let name: String?
    /// Whether the row says that the test only runs under a condition.
    let isWhere: Bool

    init(_ source: String, _ text: String?) {
        self.source = source
        let parts = text?.split(separator: " (where ", maxSplits: 1) ?? []
        name = parts.first.map(String.init)
        isWhere = parts.count > 1
    }

    var description: String { "`\(source)`" + (name.map { ": \($0)" } ?? "") }

    /// The citations of a cell; a title without a suite belongs to the suite before it.
    static func all(in cell: String) -> [Citation] {
        var source = ""
        return cell.replacing(". `", with: "; `").components(separatedBy: "; ").map { piece in
            guard let cited = piece.wholeMatch(of: /`([A-Za-z0-9\/]+)`(?:: (.*))?/) else {
                return Citation(source, piece)
            }
            source = String(cited.1)
            return Citation(source, cited.2.map(String.init))
        }
    }
}

extension ProvedClauses.Proof {
    /// Whether a row cites the test with these words.
    fileprivate func matches(_ words: String) -> Bool { name.contains(words) || words.hasPrefix(name) }
}

@Suite("SECURITY.md promises what tests prove", .timeLimit(.minutes(10)))
struct SecurityDocumentTests {
    private func promises() throws -> [(promise: String, citations: [Citation])] {
        try String(contentsOfFile: "\(Build.root)/SECURITY.md", encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| ") && $0.hasSuffix(" |") }
            .map { $0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
            .filter { $0.count == 2 && $0[1].contains("`") }.map { ($0[0], Citation.all(in: $0[1])) }
    }

    /// The tests of each suite.
    private func suites() throws -> [String: [ProvedClauses.Proof]] {
        let folder = "\(Build.root)/Tests"
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var suites: [String: [ProvedClauses.Proof]] = [:]
        for file in files where file.hasSuffix("Tests.swift") {
            let source = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            let tests = ProvedClauses.read(source)
            for suite in source.matches(of: /struct (\w+Tests)\b/) { suites[String(suite.1), default: []] += tests }
        }
        return suites
    }

    @Test("each promise cites at least one test, and every cited test exists")
    func citations() throws {
        let (promises, suites) = (try promises(), try suites())
        #expect(promises.count > 60 && suites.count > 80)
        for (promise, citations) in promises {
            for citation in citations { #expect(exists(citation, suites), "\(promise): \(citation)") }
        }
    }

    @Test("each promise has a test that runs everywhere, and the row says where the others run")
    func everywhere() throws {
        let suites = try suites()
        for (promise, citations) in try promises() {
            let conditional = citations.filter { isConditional($0, suites) }
            let unsaid = conditional.filter { !$0.isWhere }
            #expect(unsaid.isEmpty, "\(promise): \(unsaid)")
            #expect(conditional.count < citations.count, "\(promise): \(conditional)")
        }
        #expect(isConditional(Citation("VectorTests", "every case of JWK"), suites))
    }

    /// Whether a test only runs under a condition.
    private func isConditional(_ citation: Citation, _ suites: [String: [ProvedClauses.Proof]]) -> Bool {
        let tests = (suites[citation.source] ?? []).filter { citation.name.map($0.matches) ?? true }
        return !tests.isEmpty && tests.contains(where: \.isConditional)
    }

    private func exists(_ citation: Citation, _ suites: [String: [ProvedClauses.Proof]]) -> Bool {
        if citation.source.hasPrefix("Scripts/") {
            return FileManager.default.isExecutableFile(atPath: "\(Build.root)/\(citation.source)")
        }
        guard let tests = suites[citation.source] else { return false }
        guard let name = citation.name else { return !tests.isEmpty }
        if name.hasPrefix("the golden files ") { return name.matches(of: /`([a-z*-]+)`/).allSatisfy { isGolden($0.1) } }
        return tests.contains { $0.matches(name) }
    }

    /// Whether a golden file of diagnostics matches the name or the pattern.
    private func isGolden(_ pattern: Substring) -> Bool {
        let files = try? FileManager.default.contentsOfDirectory(atPath: "\(Build.root)/Tests/Fixtures/diagnostics")
        let start = pattern.prefix { $0 != "*" }
        return files?.contains { $0.hasPrefix(start) } ?? false
    }

    @Test("a citation without a test is detected")
    func notices() throws {
        let suites = try suites()
        for cell in ["`NoSuchTests`", "`KillTests`: a test that nobody wrote", "`Scripts/nothing`", "some words"] {
            #expect(Citation.all(in: cell).allSatisfy { !exists($0, suites) }, "\(cell)")
        }
    }
}
