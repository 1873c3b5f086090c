// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import ServerConfiguration

/// Reads a copy to its end before anything of it is loaded, and compares it with the configuration.
struct CopyCheck {
    let open: OpenStore
    let path: String
    let passphrase: Secret?

    /// Reads all of the copy.
    ///
    /// - Parameters:
    ///   - kind: What the copy has to be for.
    ///   - unknown: What happens to unknown collections; nil to refuse them.
    ///   - hasKeys: Whether the keys in the copy will be used, so that they have to be readable.
    /// - Returns: The digest of the copy.
    /// - Throws: `Failure`.
    func run(_ kind: CopyHeader.Kind, _ unknown: UnknownCollections?, hasKeys: Bool) throws -> String {
        if let exposure = FileExposure(ofFile: path) {
            let warning = "warning: others can read or change '\(path)', which contains private keys"
            LogWriter.standardError.write("\(warning); \(exposure.note(path))\n")
        }
        let reader = try CopyReader(path, openedWith: passphrase)
        try check(reader.header, kind)
        let known = Set(open.collections.map(\.name))
        var others: [String: Int] = [:]
        while let item = try reader.next() {
            let collection = item.key.collection
            if !known.contains(collection) { others[collection, default: 0] += 1 }
            if hasKeys, case .record(let record) = item, collection == StoredKeys.collection.name {
                try checkKeys(record.value)
            }
        }
        guard others.isEmpty || unknown != nil else { throw CopyCheck.unknown(others) }
        guard let sum = reader.sum else { throw Failure("'\(path)' has no end") }
        return sum
    }

    private func check(_ header: CopyHeader, _ kind: CopyHeader.Kind) throws {
        guard header.kind == kind else {
            throw Failure(
                kind == .export
                    ? "'\(path)' is a backup; 'grantor store restore' loads it, and refuses what was issued before"
                    : "'\(path)' is an export; 'grantor store import' loads it")
        }
        let issuer = open.composition.configuration.issuer
        guard header.issuer == issuer else {
            throw Failure(
                "'\(path)' is of the issuer \(header.issuer), and the configuration is of \(issuer); use the configuration "
                    + "of that issuer")
        }
    }

    /// The plugins that the copy names and the configuration lacks.
    ///
    /// - Throws: `Failure`.
    func checkPlugins(isIgnored: Bool) throws {
        let header = try CopyReader(path, openedWith: passphrase).header
        let own = Set(open.composition.plugins.map(\.entry.id))
        let missing = header.plugins.filter { !own.contains($0) }
        guard missing.isEmpty || isIgnored else {
            throw Failure(
                "the server of the backup had plugins that the configuration lacks: "
                    + "\(missing.joined(separator: ", ")); add them, or pass --ignore-plugins")
        }
    }

    private static func unknown(_ collections: [String: Int]) -> Failure {
        let names = collections.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.prefix(10)
        let list = names.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
        return Failure(
            "no plugin of the configuration declares these collections of the copy: \(list); add the plugin, or pass "
                + "--unknown keep or --unknown drop")
    }

    private func checkKeys(_ value: JSON) throws {
        let keys = ConfiguredKeys(open.composition.configuration, open.composition.diagnostics)
        let stored = StoredKeys(open.store, sealing: keys.settings(for: open.generation).sealing)
        try stored.check(value, now: SystemEnvironment().now)
    }
}

extension StoreItem {
    /// The key of the record or counter.
    var key: StoreKey {
        switch self {
        case .record(let record): record.key
        case .counter(let counter): counter.key
        @unknown default: StoreKey("", "")
        }
    }
}
