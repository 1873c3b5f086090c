// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Docs/Architecture.md is a map of this repository", .timeLimit(.minutes(10)))
struct ArchitectureDocumentTests {
    private func page() throws -> String {
        try String(contentsOfFile: "\(Build.root)/Docs/Architecture.md", encoding: .utf8)
    }

    private func source(_ path: Substring) -> String? {
        let file = path.hasPrefix("Plugins/") ? "\(Build.root)/\(path)" : "\(Build.root)/Sources/\(path)"
        return try? String(contentsOfFile: file, encoding: .utf8)
    }

    @Test("every file that it names exists")
    func files() throws {
        let files = try page().matches(of: /`([A-Za-z0-9+\/]+\.swift)`/).map(\.1)
        #expect(files.count > 30)
        for file in files { #expect(source(file) != nil, "\(file)") }
    }

    @Test("every function on the paths of requests and files is in a file of its row")
    func functions() throws {
        var count = 0
        for row in try page().split(separator: "\n") where row.wholeMatch(of: /\| [0-9]\..*/) != nil {
            let cells = row.split(separator: "|").map { $0.matches(of: /`([^`]+)`/).map(\.1) }
            let text = cells[1].compactMap(source).joined()
            for name in cells[2] {
                #expect(text.contains("func \(name)(") || text.contains("func \(name)<"), "\(row): \(name)")
                count += 1
            }
        }
        #expect(count > 20)
    }

    @Test("the arrows match the imports of the modules")
    func arrows() throws {
        let ours =
            ["AuthorizationServer", "Cryptography", "GrantKit", "OutsideText", "PluginLoading"]
            + ["PluginScaffold", "ServerConfiguration", "ServerHTTP"]
        for module in ours where module != "GrantKit" && module != "OutsideText" {
            let line = try page().split(separator: "\n").first { $0.hasPrefix(module) && $0.contains("->") }
            let told = try #require(line).split(separator: "->")[1].split(whereSeparator: { ", ".contains($0) })
            let folder = "\(Build.root)/Sources/\(module)"
            let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            let imported = try files.filter { $0.hasSuffix(".swift") }.flatMap { file in
                try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).matches(of: /import ([A-Za-z]+)\n/)
                    .map { String($0.1) }
            }
            #expect(Set(imported).intersection(ours) == Set(told.map(String.init)), "\(module)")
        }
    }
}
