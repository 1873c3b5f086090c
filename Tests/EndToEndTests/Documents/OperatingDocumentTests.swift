// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A page of Docs/Operating.
struct OperatingPage {
    let text: String

    init(_ name: String) throws {
        text = try String(contentsOfFile: "\(Build.root)/Docs/Operating/\(name).md", encoding: .utf8)
    }

    /// The first block of code in a language.
    func block(_ language: String) throws -> String {
        let parts = text.components(separatedBy: "```\(language)\n")
        return try #require(parts.dropFirst().first?.components(separatedBy: "\n```").first) + "\n"
    }
}

@Suite("Docs/Operating says what an operator needs", .timeLimit(.minutes(10)))
struct OperatingDocumentTests {
    @Test("each metric is in the table, and each metric in the table exists")
    func metrics() throws {
        let sources = try #require(FileManager.default.enumerator(atPath: "\(Build.root)/Sources"))
        var exist: Set<String> = []
        for case let path as String in sources where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(Build.root)/Sources/\(path)", encoding: .utf8)
            exist.formUnion(
                text.matches(
                    of: /(?:show\(|"|TYPE )"?(grantor_[a-z_]+_(?:total|seconds|queue|published|waiting|followed))\b/
                )
                .map { String($0.1) })
        }
        let rows = try OperatingPage("metrics").text.split(separator: "\n").filter { $0.hasPrefix("| `grantor_") }
        let described = rows.compactMap { $0.firstMatch(of: /^\| `([a-z_]+)`/).map { String($0.1) } }
        #expect(exist.count >= 9 && exist == Set(described), "\(exist.symmetricDifference(described))")
        for row in rows { #expect(row.split(separator: "|").count == 3, "\(row)") }
    }
}
