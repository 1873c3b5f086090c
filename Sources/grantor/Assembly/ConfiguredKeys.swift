// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
@_spi(Host) import GrantKit
import OutsideText
import ServerConfiguration

/// The `keys` section of a configuration, checked.
struct ConfiguredKeys {
    let declared: [SigningKey]
    /// Whether the server seals the keys that it keeps in the store; there is always one, for MACs.
    let isSealed: Bool
    private let sealing: Sealing
    private let plan: KeyPlan
    private let provider: KeyProvider?
    private let entries: [(entry: Configuration.DeclaredKey, key: SigningKey)]

    /// Reads the keys and reports those that are unusable.
    ///
    /// - Parameters:
    ///   - configuration: The configuration as read from the file.
    ///   - diagnostics: Receives the problems.
    ///   - former: The keys that were read before; a key with an unchanged declaration is not opened again.
    init(_ configuration: Configuration, _ diagnostics: Diagnostics, former: ConfiguredKeys? = nil) {
        let keys = configuration.keys
        plan = KeyPlan(rotateEvery: keys.rotateEvery, announce: keys.announce, cache: keys.cache)
        let seals = keys.seal.compactMap { text in
            let key = SealingKey(text)
            if key == nil {
                diagnostics.report(
                    at: [.key("keys"), .key("seal")], "a sealing key must be 32 bytes in base64 or hexadecimal",
                    note: "make one with 'openssl rand -base64 32'")
            }
            return key
        }
        sealing = Sealing(seals)
        isSealed = !keys.seal.isEmpty
        provider = ConfiguredKeys.provider(keys.provider, diagnostics)
        let known = former?.provider == provider ? former?.entries ?? [] : []
        var found: [(entry: Configuration.DeclaredKey, key: SigningKey)] = []
        for entry in keys.signing {
            let same = known.first { $0.entry.source == entry.source && $0.entry.algorithm == entry.algorithm }
            guard let key = same?.key ?? ConfiguredKeys.read(entry, provider, diagnostics) else { continue }
            if found.contains(where: { $0.key.id == key.id }) {
                diagnostics.report(at: entry.path, "the same signing key is listed twice", note: "remove one")
            }
            found.append((entry, key))
        }
        entries = found
        declared = found.map(\.key)
    }

    /// The provider, if its values contain no character that is special in OpenSSL's configuration format.
    private static func provider(_ provider: Configuration.Provider?, _ diagnostics: Diagnostics) -> KeyProvider? {
        guard let provider else { return nil }
        let path: [PathStep] = [.key("keys"), .key("provider")]
        let isName = provider.name.utf8.allSatisfy { byte in
            byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || 0x30...0x39 ~= byte || "-_".utf8.contains(byte))
        }
        if !isName || provider.name.isEmpty || ["default", "base"].contains(provider.name) {
            diagnostics.report(
                at: path + [.key("name")],
                "'name' must consist of letters, digits, '-' and '_', and must not be 'default' or 'base'")
        }
        if !provider.path.isEmpty, !KeyProvider.isPlain(provider.path) {
            diagnostics.report(at: path + [.key("path")], "'path' must not contain spaces, quotes, '$', '#' or '\\'")
        }
        for (name, value) in provider.parameters where !KeyProvider.isPlain(name + value) || name.raw.contains("=") {
            diagnostics.report(
                at: path + [.key("parameters"), .key(name)],
                "a parameter must not contain spaces, quotes, '$', '#' or '\\'")
        }
        return KeyProvider(name: provider.name, path: provider.path, parameters: provider.parameters)
    }

    private static func read(
        _ entry: Configuration.DeclaredKey, _ provider: KeyProvider?, _ diagnostics: Diagnostics
    ) -> SigningKey? {
        let algorithm = entry.algorithm.flatMap(SignatureAlgorithm.init)
        if let name = entry.algorithm, algorithm.map(SignatureAlgorithm.own.contains) != true {
            diagnostics.report(
                at: entry.path + [.key("algorithm")], "the server does not sign with '\(name)'",
                note: "one of \(SignatureAlgorithm.ownNames.joined(separator: ", "))")
            return nil
        }
        do {
            switch entry.source {
            case .text(let text, let passphrase):
                return try SigningKey(pem: text, passphrase: passphrase, algorithm: algorithm)
            case .uri(let uri, let pin):
                guard let provider, !diagnostics.hasErrors else { return nil }
                if let file = ConfiguredKeys.file(uri), let exposure = FileExposure(ofFile: file) {
                    diagnostics.report(.warning, at: entry.path, exposure.message(file), note: exposure.note(file))
                }
                return try SigningKey(uri: uri, pin: pin, provider: provider, algorithm: algorithm)
            }
        } catch {
            diagnostics.report(at: entry.path, "a signing key cannot be used: \(error)")
            return nil
        }
    }

    /// The file that a URI names (RFC 8089), or nil.
    private static func file(_ uri: String) -> String? {
        guard let url = URL(string: uri), url.isFileURL else { return nil }
        return url.path
    }

    /// Reports plugins that ask for signature algorithms the server does not support.
    static func check(_ plugins: [LoadedPlugin], _ diagnostics: Diagnostics) {
        for plugin in plugins {
            for name in plugin.registered.registry.signingAlgorithms
            where !SignatureAlgorithm.ownNames.contains(name) {
                diagnostics.report(
                    at: plugin.entry.path,
                    "plugin '\(plugin.entry.id)' asks for signatures with '\(name)', which the server does not support",
                    note: "one of \(SignatureAlgorithm.ownNames.joined(separator: ", "))")
            }
        }
    }

    func settings(for generation: Generation) -> KeyKeeper.Settings {
        let algorithms = generation.capabilities.signingAlgorithms.compactMap(SignatureAlgorithm.init)
        return KeyKeeper.Settings(
            plan: plan, sealing: sealing,
            needs: KeyNeeds(
                algorithms: algorithms, longestToken: generation.longestLifetime, declared: declared))
    }
}
