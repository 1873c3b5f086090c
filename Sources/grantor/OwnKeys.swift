// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import ServerConfiguration

/// What a configuration says of the server's own keys, checked.
struct OwnKeys {
    let declared: [SigningKey]
    let isSealed: Bool
    private let sealing: Sealing
    private let plan: KeyPlan

    /// Reads the keys; what cannot be used is reported.
    init(_ configuration: Configuration, _ diagnostics: Diagnostics) {
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
        var found: [SigningKey] = []
        for entry in keys.signing {
            guard let key = OwnKeys.read(entry, diagnostics) else { continue }
            if found.contains(where: { $0.id == key.id }) {
                diagnostics.report(at: entry.path, "a signing key is listed twice", note: "remove one")
            }
            found.append(key)
        }
        declared = found
    }

    private static func read(_ entry: Configuration.DeclaredKey, _ diagnostics: Diagnostics) -> SigningKey? {
        let algorithm = entry.algorithm.flatMap(SignatureAlgorithm.init)
        if let name = entry.algorithm, algorithm.map(SignatureAlgorithm.own.contains) != true {
            diagnostics.report(
                at: entry.path + [.key("algorithm")], "the server does not sign with '\(name)'",
                note: "one of \(SignatureAlgorithm.ownNames.joined(separator: ", "))")
            return nil
        }
        do {
            return try SigningKey(pem: entry.pem, passphrase: entry.passphrase, algorithm: algorithm)
        } catch {
            diagnostics.report(at: entry.path, "a signing key cannot be used: \(error)")
            return nil
        }
    }

    /// Reports plugins that ask for what the server cannot do.
    static func check(_ plugins: [LoadedPlugin], _ diagnostics: Diagnostics) {
        for plugin in plugins {
            for name in plugin.registered.registry.signingAlgorithms
            where !SignatureAlgorithm.ownNames.contains(name) {
                diagnostics.report(
                    at: plugin.entry.path,
                    "plugin '\(plugin.entry.id)' asks for signatures with '\(name)', which the server does not make",
                    note: "one of \(SignatureAlgorithm.ownNames.joined(separator: ", "))")
            }
        }
    }

    /// Whether the server keeps keys in its store that nobody has sealed.
    func leavesKeysOpen(_ generation: Generation) -> Bool {
        let own = Set(declared.map(\.algorithm))
        return !isSealed && generation.capabilities.signingAlgorithms.contains { !own.contains($0) }
    }

    func settings(for generation: Generation) -> KeyKeeper.Settings {
        let algorithms = generation.capabilities.signingAlgorithms.compactMap(SignatureAlgorithm.init)
        return KeyKeeper.Settings(
            plan: plan, sealing: sealing,
            needs: KeyNeeds(
                algorithms: algorithms, longestToken: generation.longestLifetime, declared: declared))
    }
}
