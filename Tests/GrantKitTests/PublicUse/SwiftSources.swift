// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The Swift sources in some folders, without comment lines, and either without tests or tests alone.
struct SwiftSources {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// A call of something by its name, with its first label, which may be empty.
    struct Call: Hashable {
        let name: String
        let label: String
    }

    /// The templates of 'grantor plugin new', whose sources have another ending.
    static let templates = "Sources/PluginScaffold/Templates"

    /// Every word of the sources.
    let words: Set<String>
    /// Every call of the sources, once with its first label and once without.
    let calls: Set<Call>
    /// Every operator with spaces around it.
    let operators: Set<String>
    /// Every label after a comma or a square bracket, where subscripts have theirs.
    let labels: Set<String>

    init(in folders: [String], except excluded: String? = nil, tests: Bool = false) throws {
        let all = try folders.flatMap { try SwiftSources.files(in: $0, except: excluded, tests: tests) }
            .joined(separator: "\n")
        words = Set(
            all.utf8.split { !SwiftSources.isWord($0) }.map { String(decoding: $0, as: UTF8.self) })
        var calls: Set<Call> = []
        for match in all.matches(of: /(\w+)(?:<[^<>()]*>)?\??\(\s*(?:(\w+):)?/) {
            calls.insert(Call(name: String(match.1), label: ""))
            if let label = match.2 { calls.insert(Call(name: String(match.1), label: String(label))) }
        }
        self.calls = calls
        operators = Set(
            all.split(whereSeparator: \.isWhitespace).filter { $0.allSatisfy(SwiftSources.isSign) }.map(String.init))
        labels = Set(all.matches(of: /[\[,]\s*(\w+):/).map { String($0.1) })
    }

    private static func files(in folder: String, except excluded: String?, tests: Bool) throws -> [String] {
        let names = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.compactMap { $0 as? String } ?? []
        let ending = folder == templates ? ".swift.template" : ".swift"
        let sources = names.filter { name in
            name.hasSuffix(ending) && !name.hasSuffix("Package\(ending)") && isTest(name) == tests
                && !"/\(name)".contains("/.build") && !(excluded.map { name.hasPrefix($0) } ?? false)
        }
        return try sources.map { name in
            try String(contentsOfFile: "\(root)/\(folder)/\(name)", encoding: .utf8)
                .split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
        }
    }

    private static func isTest(_ name: String) -> Bool {
        "/\(name)".contains("/Tests/") || name.hasSuffix(".tests.swift.template")
    }

    private static func isSign(_ character: Character) -> Bool {
        "-+*/%<>=!&|^~?.".contains(character)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == 0x5F
    }
}
