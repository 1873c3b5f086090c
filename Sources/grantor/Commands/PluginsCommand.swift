// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import Logging
import PluginLoading
import ServerConfiguration

struct PluginsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Shows the plugins that are installed.",
        subcommands: [List.self, Show.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the plugins on the search path.")

        @OptionGroup var search: SearchOption

        func run() throws {
            let search = PluginSearch(self.search.folders)
            let rows = search.candidates.map { id in
                do {
                    let manifest = try InstalledPlugin(id, search).manifest
                    return [id, manifest.version, manifest.summary, manifest.specification]
                } catch {
                    return [id, "-", "does not load: \(error)"]
                }
            }
            print(Table.render([["ID", "VERSION", "WHAT IT IS FOR", "SPECIFICATION"]] + rows))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a plugin adds and how it is set.",
            discussion: "The tables are what the plugin itself asks for; they cannot drift from its code.")

        @OptionGroup var search: SearchOption
        @Argument(help: "The plugin's id.") var id: String

        func run() throws {
            print(try InstalledPlugin(id, PluginSearch(search.folders)).reference)
        }
    }
}

/// Where commands look for plugins.
struct SearchOption: ParsableArguments {
    @Option(name: .customLong("plugin-path"), help: "A folder to look in before the installed one.")
    var pluginPath: [String] = []

    var folders: [String] { pluginPath + Installation.pluginFolders }
}

/// A plugin that is loaded only to ask what it reads and adds.
struct InstalledPlugin {
    let manifest: PluginManifest
    private let source = PluginSettings(nil)
    private let registry: Registry
    private let path: String

    init(_ id: String, _ search: PluginSearch) throws {
        let library: PluginLibrary
        do {
            library = try PluginLibrary.load(id, library: nil, pinned: nil, search: search, sha256: Digest.sha256)
        } catch let error as PluginLoadingError {
            throw ValidationError(error.description)
        }
        manifest = library.type.manifest
        path = library.path
        let secrets = Secrets()
        let core = ServerCore(
            issuer: "https://id.example.com", environment: System(), cryptography: SystemCryptography(),
            secrets: secrets, passwords: secrets.passwords, pages: NoPages(),
            algorithms: SignatureAlgorithm.ownNames,
            logger: Logger(label: "grantor") { _ in SwiftLogNoOpLogHandler() })
        let plugin = try library.type.init(settings: Settings(source), host: core)
        var registry = Registry()
        try plugin.register(in: &registry)
        self.registry = registry
    }

    /// The page of the reference about this plugin.
    var reference: String {
        var text = "\(manifest.id) \(manifest.version): \(manifest.summary)\n"
        if !manifest.specification.isEmpty { text += "follows \(manifest.specification)\n" }
        text += "file \(path)\nadds \(registry.summary)\n"
        text += "\nSettings\n" + (source.declarations.isEmpty ? "  none\n" : settings)
        text += "\nAttributes of clients\n" + (source.attributes.isEmpty ? "  none\n" : attributes)
        return text
    }

    private var settings: String {
        let rows = source.declarations.map { setting in
            let fallback = setting.fallback.map { $0.string ?? $0.text } ?? "must be set"
            let kind = setting.bounds.isEmpty ? setting.expectation : setting.bounds
            return [setting.key, fallback.isEmpty ? "\"\"" : fallback, kind, setting.help]
        }
        return Table.render([["KEY", "DEFAULT", "VALUE", "WHAT IT IS FOR"]] + rows) + "\n"
    }

    private var attributes: String {
        let rows = source.attributes.map { attribute in
            [
                attribute.place, attribute.fallback.string ?? attribute.fallback.text, attribute.expectation,
                attribute.help,
            ]
        }
        return Table.render([["KEY", "DEFAULT", "VALUE", "WHAT IT IS FOR"]] + rows) + "\n"
    }
}

extension AttributeDeclaration {
    fileprivate var place: String {
        switch level {
        case .client: name
        case .everyGrant: "auth.<grant>.\(name)"
        case .grant(let key): "auth.\(key).\(name)"
        @unknown default: name
        }
    }
}

extension Registry {
    /// What a plugin adds, in one line.
    var summary: String {
        var parts = grants.map { "grant \($0.declaration.wire)" } + formats.map { "token format \($0.name)" }
        parts += extensions.flatMap(\.members).map { "member \($0)" }
        parts += flows.map { "response type \($0.word)" } + steps.map { "sign-in step \($0.name)" }
        let routes = endpoints.map(\.route) + resourceEndpoints.map(\.route) + browserEndpoints.map(\.route)
        parts += routes.map { "endpoint \($0.path)" }
        parts += documents.map { "document \($0.name)" } + stores.map { _ in "the store" }
        parts += eventSinks.map { _ in "a record of events" }
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }
}

/// Columns for a terminal.
enum Table {
    static func render(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
        }
        let lines = rows.map { row in
            var line = row.enumerated().map { $1.padding(toLength: widths[$0], withPad: " ", startingAt: 0) }
                .joined(separator: "  ")
            while line.utf8.last == UInt8(ascii: " ") { line.unicodeScalars.removeLast() }
            return "  " + line
        }
        return lines.joined(separator: "\n")
    }
}
