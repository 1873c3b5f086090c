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
    ///   - ignoresPlugins: Whether the configuration may lack plugins that the server of the copy had.
    /// - Returns: The digest of the copy.
    /// - Throws: `Failure`.
    func run(
        _ kind: CopyHeader.Kind, _ unknown: UnknownCollections?, hasKeys: Bool, ignoresPlugins: Bool
    ) throws -> String {
        if let exposure = FileExposure(ofFile: path) {
            let warning = "warning: others can read or change '\(path)', which contains private keys"
            LogWriter.standardError.write("\(warning); \(exposure.note(path))\n")
        }
        let reader = try CopyReader(path, openedWith: passphrase)
        try check(reader.header, kind)
        if !ignoresPlugins { try checkPlugins(reader.header) }
        let known = Set(open.collections.map(\.name))
        var others: [String: Int] = [:]
        while let item = try reader.next() {
            let collection = item.key.collection
            if unknown == nil, !known.contains(collection) { CopyCheck.count(collection, in: &others) }
            if hasKeys, case .record(let record) = item, collection == StoredKeys.collection.name {
                try checkKeys(record.value)
            }
        }
        guard others.isEmpty else { throw CopyCheck.unknown(others) }
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
        // By a clock that is late, what was issued before the restore would seem to be issued after it.
        guard header.takenAt <= SystemEnvironment().now + .seconds(60) else {
            throw Failure("'\(path)' is from \(header.takenAt.rfc3339), which is in the future; set the clock")
        }
    }

    /// Refuses a copy that names plugins which the configuration lacks.
    private func checkPlugins(_ header: CopyHeader) throws {
        let own = Set(open.composition.plugins.map(\.entry.id))
        let missing = header.plugins.filter { !own.contains($0) }
        guard missing.isEmpty else {
            throw Failure(
                "the server of the backup had plugins that the configuration lacks: "
                    + "\(missing.joined(separator: ", ")); add them, or pass --ignore-plugins")
        }
    }

    /// The unknown collections that a message names.
    private static let named = 10

    /// Counts a record of an unknown collection; of a hostile copy, each line can name another.
    private static func count(_ collection: String, in others: inout [String: Int]) {
        if others.count <= named || others[collection] != nil { others[collection, default: 0] += 1 }
    }

    private static func unknown(_ collections: [String: Int]) -> Failure {
        let names = collections.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.prefix(named)
        let list =
            names.map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
            + (collections.count > named ? " and more" : "")
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
