// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A page of the guide for authors of plugins.
struct GuidePage: Sendable, CustomStringConvertible {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let catalog = "Sources/GrantKit/Documentation.docc"
    static let start = "Docs/WritingAPlugin.md"

    /// The path from the root of the repository.
    let path: String
    let text: String

    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOfFile: "\(GuidePage.root)/\(path)", encoding: .utf8)
    }

    /// All pages, the first one last.
    static func all() throws -> [GuidePage] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(catalog)")
        return try names.filter { $0.hasSuffix(".md") }.sorted().map { try GuidePage("\(catalog)/\($0)") }
            + [GuidePage(start)]
    }

    var description: String { path }
    /// The name in the catalog.
    var name: String { String(path.split(separator: "/").last?.dropLast(3) ?? "") }
    var lines: [String] { text.components(separatedBy: "\n") }

    /// The blocks of code in a language.
    func blocks(_ language: String) -> [[String]] {
        var blocks: [[String]] = []
        var open: [String]?
        for line in lines {
            if let block = open {
                if line == "```" {
                    blocks.append(block)
                    open = nil
                } else {
                    open?.append(line)
                }
            } else if line == "```\(language)" {
                open = []
            }
        }
        return blocks
    }

    /// The cells of the row of a table with this first cell.
    func row(_ first: String) -> [String]? {
        lines.lazy.filter { $0.hasPrefix("| ") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
            .first { $0.first == first }
    }
}
