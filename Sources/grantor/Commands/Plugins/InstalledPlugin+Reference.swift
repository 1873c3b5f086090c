// SPDX-License-Identifier: Apache-2.0

import Cryptography
@_spi(Host) import GrantKit
import PluginLoading
import ServerConfiguration

extension InstalledPlugin {
    /// The reference page of the plugin.
    ///
    /// - Throws: `PluginLoadingError` if the library can no longer be read.
    func reference() throws -> String {
        let digest = try code.digest(Digest.sha256)
        var lines = ["\(manifest.id) \(manifest.version): \(manifest.summary)"]
        if !manifest.specification.isEmpty { lines.append("follows \(manifest.specification)") }
        lines += ["", "file      \(code.path)"] + code.files.map { "          \($0)" } + ["sha256    \(digest)"]
        lines += code.toolchain.map { ["kit       \(code.kit)", "compiler  \($0)"] } ?? ["protocol  \(code.kit)"]
        lines += process.map { ["runs      \(command(of: $0))"] } ?? []
        lines += hostCalls.map { ["calls     \(Self.words($0, else: "none"))"] } ?? []
        lines += process.map { ["may       \(Self.words($0.may, else: "nothing more"))"] } ?? []
        lines += ["", "Adds"] + (registry.additions.isEmpty ? ["  nothing"] : registry.additions.map { "  \($0)" })
        lines += ["", "Settings", settings.isEmpty ? "  none" : settingsTable]
        lines += ["", "Attributes of clients", attributes.isEmpty ? "  none" : attributesTable]
        return lines.joined(separator: "\n") + "\n"
    }

    /// What runs in the processes of an isolated plugin.
    private func command(of process: Configuration.PluginProcess) -> String {
        process.command.isEmpty ? "the library, in processes of its own" : process.command.joined(separator: " ")
    }

    private static func words(_ words: some Sequence<String>, else none: String) -> String {
        let words = words.sorted()
        return words.isEmpty ? none : words.joined(separator: ", ")
    }

    private var settingsTable: String {
        guard let configured else {
            return Table.render([["KEY", "DEFAULT", "VALUE", "DESCRIPTION"]] + settings.map(\.cells))
        }
        let rows = settings.map { setting in
            var cells = setting.cells
            cells.insert(configured[setting.key]?.cell ?? "", at: 1)
            return cells
        }
        return Table.render([["KEY", "SET TO", "DEFAULT", "VALUE", "DESCRIPTION"]] + rows)
    }

    private var attributesTable: String {
        let rows = attributes.map { [$0.place, $0.fallback.cell, $0.expectation, $0.help] }
        return Table.render([["KEY", "DEFAULT", "VALUE", "DESCRIPTION"]] + rows)
    }
}

extension SettingDeclaration {
    /// The columns of the table but that of the configuration.
    fileprivate var cells: [String] {
        [key, fallback?.cell ?? "must be set", bounds.isEmpty ? expectation : bounds, help]
    }
}

extension JSON {
    /// The value in a table.
    fileprivate var cell: String {
        let text = string ?? self.text
        return text.isEmpty ? "\"\"" : text
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
