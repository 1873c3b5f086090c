// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

/// A plugin as listed in Package.swift; every test that needs the list uses this.
struct PackagePlugin {
    let id: String
    let module: String

    static let all = (try? read()) ?? []

    private static func read() throws -> [PackagePlugin] {
        try String(contentsOfFile: "\(Build.root)/Package.swift", encoding: .utf8)
            .matches(of: /Plugin\(id: "([^"]+)", module: "([^"]+)"/)
            .map { PackagePlugin(id: String($0.1), module: String($0.2)) }
    }
}

@Suite("Package.swift has the only list of plugins")
struct PackagePluginTests {
    @Test("it lists every folder of Plugins and nothing else")
    func folders() throws {
        let folder = "\(Build.root)/Plugins"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasSuffix(".map") }
        #expect(names.count > 15 && names.sorted() == PackagePlugin.all.map(\.module).sorted())
    }

    @Test("every listed plugin is linked to the tests, under its id")
    func linked() {
        #expect(Plugins.types.map { $0.manifest.id }.sorted() == PackagePlugin.all.map(\.id).sorted())
    }

    @Test("the program takes the listed plugins for its own, and no others")
    func own() throws {
        let file = "\(Build.root)/Sources/grantor/Assembly/own-plugins.json"
        let ids = try JSON(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: file)))).strings
        #expect(ids.sorted() == PackagePlugin.all.map(\.id).sorted())
    }
}
