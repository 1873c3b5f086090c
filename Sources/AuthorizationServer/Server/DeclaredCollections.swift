// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The collections that a plugin has declared: all that it may reach in the store (decision 0039).
final class DeclaredCollections: Sendable {
    /// The id of the plugin.
    let plugin: String
    private let all: [StoreCollection]
    private let names: Set<String>

    init(_ all: [StoreCollection], of plugin: String) {
        self.plugin = plugin
        self.all = all
        names = Set(all.map(\.name))
    }

    func contains(_ name: String) -> Bool {
        names.contains(name)
    }

    func hasIndex(_ index: String, of name: String) -> Bool {
        all.contains { $0.name == name && $0.indexes.contains(index) }
    }

    /// The collection of the first write that the plugin may not make, or nil.
    func forbidden(in writes: some Sequence<StoreWrite>) -> String? {
        for write in writes where !allows(write) { return write.key?.collection }
        return nil
    }

    private func allows(_ write: StoreWrite) -> Bool {
        guard let collection = write.key?.collection else { return true }
        return contains(collection) || write.isOfService
    }

    /// Checks writes that a part of the plugin has returned, so that the core commits them.
    ///
    /// - Parameters:
    ///   - writes: The writes.
    ///   - part: The part, for the log.
    /// - Throws: `PluginMistake` if one of them is of a collection that the plugin has not declared.
    func check(_ writes: some Sequence<StoreWrite>, of part: @autoclosure () -> String) throws {
        guard let collection = forbidden(in: writes) else { return }
        throw mistake("\(part()) of the plugin '\(plugin)' writes to", collection)
    }

    /// The mistake of reaching a collection that the plugin has not declared.
    ///
    /// - Parameters:
    ///   - call: Who did what, in front of "the collection".
    ///   - name: The name of the collection.
    /// - Returns: The mistake. It never names a key, which may be secret.
    func mistake(_ call: String, _ name: String) -> PluginMistake {
        let cure =
            NameClaims.collectionsOfCore.contains(name)
            ? "which belongs to the core; use the services of the host instead"
            : "which it has not declared; add registry.add(collection:) in register"
        return PluginMistake("\(call) the collection '\(name)', \(cure)", of: plugin)
    }
}

extension StoreWrite {
    /// Whether the host has made this write for a plugin: of a record that it has lent, such as a new job, or the
    /// condition that something is not revoked.
    fileprivate var isOfService: Bool {
        switch self {
        case .create(let record), .replace(let record, _): record.isLent
        case .absent(let key): key.collection == Tombstone.collection.name
        default: false
        }
    }
}
