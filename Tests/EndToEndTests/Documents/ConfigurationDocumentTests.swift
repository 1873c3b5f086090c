// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServerConfiguration
import Testing

@Suite("Docs/Configuration describes every key", .timeLimit(.minutes(10)))
struct ConfigurationDocumentTests {
    private static let folder = "\(Build.root)/Docs/Configuration"
    /// Good for all that an example refers to: it is a sealing key, a secret and a password.
    private static let secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".md") }.sorted()
    }

    private func page(_ name: String) throws -> String {
        try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
    }

    /// The rows of all tables of a page.
    private func rows(_ name: String) throws -> [Substring] {
        try page(name).split(separator: "\n").filter { $0.hasPrefix("| ") }
    }

    private func isDescribed(_ key: String, in rows: [Substring]) -> Bool {
        rows.contains { $0.contains("`\(key)`") }
    }

    private func source(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Build.root)/Sources/\(path).swift", encoding: .utf8)
    }

    // MARK: keys

    @Test("the map leads from each top-level key to a page")
    func map() throws {
        let map = try rows("README.md")
        for rule in ReloadRule.all {
            #expect(map.contains { $0.hasPrefix("| [`\(rule.key)`](") }, "\(rule.key)")
        }
    }

    @Test(
        "each key that the readers of the file know is in a table",
        arguments: ["ConfigurationReader", "KeysSection", "OutboundSection"])
    func keys(_ reader: String) throws {
        let tables = try names().flatMap { try rows($0) }
        let known = try source("ServerConfiguration/\(reader)")
            .matches(of: /\.(?:read|value|section)\("([a-z0-9_]+)"/).map { String($0.1) }
        #expect(Set(known).count >= 7)
        for key in known { #expect(isDescribed(key, in: tables), "\(key)") }
    }

    @Test(
        "each key of a client and of a user that the core reads is in a table",
        arguments: [("Clients/ClientDocument", "clients.md"), ("Users/UserDocument", "users.md")])
    func members(_ document: String, _ name: String) throws {
        let text = try source("AuthorizationServer/\(document)")
        let list = try #require(text.firstMatch(of: /static let members = \[([^\]]*)\]/)).1
        let known = list.matches(of: /"([A-Za-z_]+)"/).map { String($0.1) }
        let tables = try rows(name)
        #expect(known.count > 8)
        for key in known { #expect(isDescribed(key, in: tables), "\(key)") }
    }

    /// The first column of a table that 'grantor plugins show' prints.
    private func printedKeys(_ table: String) -> [String] {
        table.split(separator: "\n").filter { $0.hasPrefix("  ") }
            .compactMap { $0.split(separator: " ").first.map { String($0) } }.filter { $0 != "KEY" && $0 != "none" }
    }

    @Test("each setting of a plugin, and each attribute that it adds to clients, is in a table")
    func plugins() async throws {
        let settings = try rows("plugins.md")
        let attributes = try rows("clients.md")
        try await Folder.with { folder in
            let list = try Command.grantor("plugins", "list", in: folder).output.split(separator: "\n").dropFirst()
            let ids = list.compactMap { $0.split(separator: " ").first.map { String($0) } }
            #expect(ids.count > 12)
            for id in ids {
                let shown = try Command.grantor("plugins", "show", id, in: folder).output
                let tables = try #require(shown.components(separatedBy: "\nSettings\n").last)
                let halves = tables.components(separatedBy: "\nAttributes of clients\n")
                try #require(halves.count == 2, "\(shown)")
                for key in printedKeys(halves[0]) { #expect(isDescribed(key, in: settings), "\(id): \(key)") }
                for key in printedKeys(halves[1]) { #expect(isDescribed(key, in: attributes), "\(id): \(key)") }
            }
        }
    }

    // MARK: examples

    private func write(_ text: String, to path: String, in folder: Folder) throws {
        let place = URL(fileURLWithPath: "\(folder.path)/\(path)").deletingLastPathComponent()
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try folder.write(path, text)
    }

    /// Runs 'grantor check' on a file, with all that it refers to.
    private func check(_ file: String) async throws -> Ended {
        let pem = try String(contentsOfFile: "\(DiagnosticsTests.folder)/valid-full.pem", encoding: .utf8)
        let secrets = file.matches(of: /\{ file: ([^ }]+) \}/).map { String($0.1) }
        let authority = try String(contentsOfFile: "\(DiagnosticsTests.folder)/outbound-ca.pem", encoding: .utf8)
        let authorities = file.matches(of: /ca_file: ([^ ,}\n]+)/).map { String($0.1) }
        let certificates = file.matches(of: /(?:certificate|key): ([^ ,}]+\.pem)/).map { String($0.1) }
        let variables = file.matches(of: /\{ env: ([A-Z_]+) \}/).map { String($0.1) }
        let environment = variables.reduce(into: [String: String]()) { $0[$1] = Self.secret }
        return try await Folder.with { folder in
            try folder.write("config.yaml", file)
            for path in secrets { try write(Self.secret, to: path, in: folder) }
            for path in authorities { try write(authority, to: path, in: folder) }
            for path in certificates { try write(pem, to: path, in: folder) }
            try write("{}", to: "pages/text/en.json", in: folder)
            return try Command.grantor("check", in: folder, environment: environment)
        }
    }

    @Test("each example that is a whole file is accepted by 'grantor check'")
    func examples() async throws {
        var count = 0
        for name in try names() {
            for example in try page(name).matches(of: /```yaml\n(issuer:[\s\S]*?)```/) {
                let ended = try await check(String(example.1))
                #expect(ended.status == 0, "\(name): \(ended.errors)")
                count += 1
            }
        }
        #expect(count > 10)
    }
}
