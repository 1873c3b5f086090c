// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import Logging
import PluginLoading
import ServerConfiguration

/// A plugin that is loaded only to find out which settings it reads and what it adds.
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
        let secrets = ClientSecretVerifier()
        let core = ServerCore(
            issuer: "https://id.example.com", environment: SystemEnvironment(), cryptography: SystemCryptography(),
            secrets: secrets, passwords: secrets.passwords, pages: NoPages(),
            algorithms: SignatureAlgorithm.ownNames,
            logger: Logger(label: "grantor") { _ in SwiftLogNoOpLogHandler() })
        let plugin = try library.type.init(settings: Settings(source), host: LentHost(core, to: id))
        var registry = Registry()
        try plugin.register(in: &registry)
        self.registry = registry
    }

    /// The reference page of this plugin.
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
        return Table.render([["KEY", "DEFAULT", "VALUE", "DESCRIPTION"]] + rows) + "\n"
    }

    private var attributes: String {
        let rows = source.attributes.map { attribute in
            [
                attribute.place, attribute.fallback.string ?? attribute.fallback.text, attribute.expectation,
                attribute.help,
            ]
        }
        return Table.render([["KEY", "DEFAULT", "VALUE", "DESCRIPTION"]] + rows) + "\n"
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
