// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files from which the guide may quote, because a build or a test compiles them.
struct CompiledSources {
    private let files: [[String]]

    init() throws {
        var files: [[String]] = []
        for folder in ["Examples", "Plugins", "Tests/GuideTests", CompiledSources.templates] {
            let path = "\(GuidePage.root)/\(folder)"
            for name in FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? [] {
                let isTemplate = name.hasSuffix(".swift.template")
                guard isTemplate || name.hasSuffix(".swift"), !name.contains(".build/") else { continue }
                let text = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
                files.append((isTemplate ? CompiledSources.filled(text, name) : text).components(separatedBy: "\n"))
            }
        }
        self.files = files
    }

    // MARK: templates

    /// The templates of 'grantor plugin new', whose tests build a package of each kind.
    private static let templates = "Sources/PluginScaffold/Templates"
    /// The ids that the guide gives to the plugins of each kind.
    private static let ids = [
        "claims": "my-claims", "endpoint": "user-note", "events": "my-events", "filter": "my-hours",
        "format": "my-token", "grant": "turnstile-grant", "step": "pin-step", "store": "my-store",
    ]

    /// A template with the names that the guide uses.
    private static func filled(_ template: String, _ name: String) -> String {
        let kind = String(name.prefix { $0 != "." })
        let id = ids[kind] ?? "turnstile-grant"
        let words = id.split(separator: "-")
        let module = words.map(\.capitalized).joined()
        let values = [
            ("__id__", id), ("__symbol__", words.joined(separator: "_")), ("__Module__", module),
            ("__module__", module.prefix(1).lowercased() + module.dropFirst()),
            ("__kit__", "\"../grantor/Sources/GrantKit\""),
            ("__testing__", "\"../grantor/Sources/GrantKit/Testing\""),
        ]
        return values.reduce(template) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    // MARK: search

    /// Whether lines follow each other in a file, apart from the indentation that they have in common.
    func contain(_ block: [String]) -> Bool {
        guard let first = block.first(where: { !CompiledSources.isBlank($0) }) else { return false }
        return files.contains { file in
            file.indices.contains { place in
                guard let lines = CompiledSources.lines(of: file, from: place, count: block.count) else { return false }
                let shift = CompiledSources.indentation(lines[block.firstIndex(of: first) ?? 0])
                return zip(lines, block).allSatisfy { line, quoted in
                    CompiledSources.isSame(line, quoted, shift - CompiledSources.indentation(first))
                }
            }
        }
    }

    private static func lines(of file: [String], from place: Int, count: Int) -> [String]? {
        place + count <= file.count ? Array(file[place..<place + count]) : nil
    }

    private static func isSame(_ line: String, _ quoted: String, _ shift: Int) -> Bool {
        if isBlank(quoted) { return isBlank(line) }
        return line.drop { $0 == " " } == quoted.drop { $0 == " " } && indentation(line) == indentation(quoted) + shift
    }

    private static func isBlank(_ line: String) -> Bool {
        line.allSatisfy { $0 == " " }
    }

    private static func indentation(_ line: String) -> Int {
        line.prefix { $0 == " " }.count
    }
}
