// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A Markdown page of the tree: where it links to, and what others can link to in it.
private struct MarkdownPage {
    /// The path from the root of the tree.
    let path: String
    /// The targets of its links, as they are written.
    let links: [String]
    /// The anchors of its headings.
    let anchors: Set<String>

    init(_ path: String) throws {
        let text = try String(contentsOfFile: "\(Build.root)/\(path)", encoding: .utf8)
        let lines = MarkdownPage.linesOutsideOfCode(text)
        self.path = path
        links = lines.flatMap { MarkdownPage.targets($0) }
        anchors = MarkdownPage.anchors(of: lines)
    }

    private static func linesOutsideOfCode(_ text: String) -> [String] {
        var isCode = false
        return text.components(separatedBy: "\n").filter { line in
            let isFence = line.trimmingCharacters(in: .whitespaces).hasPrefix("```")
            if isFence { isCode.toggle() }
            return !isFence && !isCode
        }
    }

    /// The targets of inline links, and of definitions such as `[name]: target`.
    private static func targets(_ line: String) -> [String] {
        let text = line.replacing(/`[^`]*`/, with: "")
        let inline = text.matches(of: /\]\(([^()\s]+)\)/).map { String($0.1) }
        let definitions = text.matches(of: /^\[[^\]]+\]: *(\S+)/).map { String($0.1) }
        return inline + definitions
    }

    private static func anchors(of lines: [String]) -> Set<String> {
        var anchors: Set<String> = []
        for line in lines {
            let level = line.prefix { $0 == "#" }.count
            guard (1...6).contains(level), line.dropFirst(level).hasPrefix(" ") else { continue }
            let name = anchor(String(line.dropFirst(level)))
            // Of two headings with one text, the second has a number.
            var (unique, number) = (name, 0)
            while !anchors.insert(unique).inserted {
                number += 1
                unique = "\(name)-\(number)"
            }
        }
        return anchors
    }

    /// The anchor that GitHub makes of a heading: lower case, a dash for each space, and no other punctuation.
    private static func anchor(_ heading: String) -> String {
        let plain = heading.replacing(/\[([^\]]*)\]\([^)]*\)/, with: { $0.1 })
        let words = plain.trimmingCharacters(in: .whitespaces).lowercased()
        return String(
            words.compactMap { character -> Character? in
                if character == " " { return "-" }
                let isKept = character.isLetter || character.isNumber || character == "-" || character == "_"
                return isKept ? character : nil
            })
    }
}

@Suite("Every link of the documentation leads somewhere", .timeLimit(.minutes(10)))
struct LinkTests {
    private static func paths() -> [String] {
        let found = ["Docs", "Sources/GrantKit/Documentation.docc"].flatMap { folder in
            let names = FileManager.default.enumerator(atPath: "\(Build.root)/\(folder)")?.compactMap { $0 as? String }
            return (names ?? []).map { "\(folder)/\($0)" }
        }
        return ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            + found.filter { $0.hasSuffix(".md") }.sorted()
    }

    /// What is wrong with a link, or nil; links to other sites are not followed.
    private func problem(_ link: String, in page: MarkdownPage) -> String? {
        guard link.prefixMatch(of: /[a-z][a-z0-9+.\-]*:/) == nil else { return nil }
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard let path = parts[0].isEmpty ? page.path : resolve(parts[0], from: page.path) else {
            return "it leads out of the tree"
        }
        guard FileManager.default.fileExists(atPath: "\(Build.root)/\(path)") else { return "there is no '\(path)'" }
        guard parts.count > 1 else { return nil }
        guard path.hasSuffix(".md"), let target = try? MarkdownPage(path) else {
            return "'\(path)' is not a page with headings"
        }
        return target.anchors.contains(parts[1]) ? nil : "'\(path)' has no heading '#\(parts[1])'"
    }

    /// The path of a target from the root of the tree; nil if it is outside.
    private func resolve(_ target: String, from page: String) -> String? {
        var steps = page.components(separatedBy: "/").dropLast().map { $0 }
        for step in target.components(separatedBy: "/") where !step.isEmpty && step != "." {
            if step != ".." {
                steps.append(step)
            } else if steps.popLast() == nil {
                return nil
            }
        }
        return steps.joined(separator: "/")
    }

    @Test("each relative link leads to a file, and each anchor to a heading")
    func links() throws {
        let pages = try Self.paths().map { try MarkdownPage($0) }
        #expect(pages.count > 40 && pages.flatMap(\.links).count > 100)
        for page in pages {
            for link in page.links { #expect(problem(link, in: page) == nil, "\(page.path): \(link)") }
        }
    }

    @Test("a link that leads nowhere is noticed")
    func notices() throws {
        let page = try MarkdownPage("Docs/Style.md")
        for link in [
            "NoSuchPage.md", "Style.md/NoSuchPage.md", "#no-such-heading", "../README.md#no-such-heading",
            "../../outside.md", "../LICENSE#heading",
        ] {
            #expect(problem(link, in: page) != nil, "\(link)")
        }
        for link in ["https://example.com/nothing", "../README.md", "Decisions", "#glossary", "Style.md#rules"] {
            #expect(problem(link, in: page) == nil, "\(link)")
        }
    }
}
