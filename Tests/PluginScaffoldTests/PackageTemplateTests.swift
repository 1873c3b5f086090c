// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PluginScaffold

@Suite("The files of a new package", .timeLimit(.minutes(10)))
struct PackageTemplateTests {
    private func text(_ kind: PluginKind, _ path: String, id: String = "badge-grant", kit: String = "../k") throws
        -> String
    {
        let files = PackageTemplate(try PluginID(id), kind, kit: kit).files
        let file = try #require(files.first { $0.path.hasSuffix(path) })
        return String(decoding: file.content, as: UTF8.self)
    }

    @Test("are one source file, one test file, and what belongs to a package", arguments: PluginKind.allCases)
    func files(_ kind: PluginKind) throws {
        let files = PackageTemplate(try PluginID("badge-grant"), kind, kit: "../k").files
        #expect(
            files.map(\.path) == [
                "Package.swift", "Sources/BadgeGrant/BadgeGrant.swift",
                "Tests/BadgeGrantTests/BadgeGrantTests.swift", "README.md", ".gitignore",
            ])
        for file in files {
            let content = String(decoding: file.content, as: UTF8.self)
            #expect(content.firstMatch(of: /__[A-Za-z]+__/) == nil, "\(file.path)")
            #expect(content.hasSuffix("\n") && !content.hasSuffix("\n\n"), "\(file.path)")
        }
        let source = try text(kind, "/BadgeGrant.swift")
        for part in [
            "@c(badge_grant_plugin_abi)", "@c(badge_grant_plugin_make)", "id: \"badge-grant\"",
            "func badgeGrantPluginMake()", "PluginExport.make(BadgeGrant.self)",
        ] {
            #expect(source.contains(part), "\(part)")
        }
        #expect(!source.contains("try!") && !source.contains("@_spi"))
    }

    @Test("have a README of at most 60 lines", arguments: PluginKind.allCases)
    func readme(_ kind: PluginKind) throws {
        let lines = try text(kind, "README.md").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 61 && lines.allSatisfy { $0.count <= 120 })
    }

    @Test("have a grant of at most 30 lines of code")
    func short() throws {
        let source = try text(.grant, "/BadgeGrant.swift")
        let type = try #require(source.firstMatch(of: /\nstruct BadgeGrant[^\0]*?\n\}\n/)).output
        let code = type.split(separator: "\n").filter { $0.firstMatch(of: /^ *\/\//) == nil }
        #expect(code.count <= 30)
    }

    @Test("name the kit by a literal, and nothing in its path is taken for a placeholder")
    func kit() throws {
        let path = "../a \"b\" __id__ \\(x)"
        let package = try text(.grant, "Package.swift", kit: path)
        #expect(package.contains(#"path: "../a \"b\" __id__ \\(x)")"#), "\(package)")
    }

    @Test("are filled in one pass")
    func onePass() {
        let values = [("__a__", Array("__b__".utf8)), ("__b__", Array("no".utf8))].map { (name: $0.0, value: $0.1) }
        let filled = PackageTemplate.filled(Array("x__a__ _ __a___c __".utf8), with: values)
        #expect(String(decoding: filled, as: UTF8.self) == "x__b__ _ __b___c __")
    }
}
