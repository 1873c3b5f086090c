// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// The server's store as it is lent to one plugin, which reaches only the collections that it has declared (decision
/// 0039).
///
/// It is one object for the plugin's whole life, so lending it allocates nothing. The first mistake of each kind is
/// logged on its own, since some plugins continue after an error.
final class LentStore: StoreService {
    private let core: ServerCore
    private let plugin: String
    /// Set once, when the plugin has registered.
    private let registered = Mutex<DeclaredCollections?>(nil)
    /// The kinds of mistakes that have been logged.
    private let logged = Mutex<Set<Mistake>>([])

    /// The kinds of mistakes that a plugin can make.
    private enum Mistake {
        case tooEarly, read, write, writeTwice, find, index, page, increment
    }

    init(_ core: ServerCore, to plugin: String) {
        self.core = core
        self.plugin = plugin
    }

    /// Lets the plugin reach its collections.
    ///
    /// - Returns: The collections that count, which are the first ones.
    func declare(_ collections: DeclaredCollections) -> DeclaredCollections {
        registered.withLock { registered in
            let first = registered ?? collections
            registered = first
            return first
        }
    }

    private func collections() throws -> DeclaredCollections {
        guard let collections = registered.withLock({ $0 }) else {
            throw refusal(.tooEarly, "the plugin '\(plugin)' used the store in init or register; use it from start on")
        }
        return collections
    }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        let declared = try collections()
        for key in keys where !declared.contains(key.collection) {
            throw refusal(.read, declared.mistake("the plugin '\(plugin)' read", key.collection))
        }
        if let check = TokenCheck.current { return try await check.read(keys, from: core.store) }
        return try await core.store.read(keys)
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let declared = try collections()
        if let collection = declared.forbidden(in: writes) {
            throw refusal(.write, declared.mistake("the plugin '\(plugin)' wrote to", collection))
        }
        if let collection = writes.collectionWrittenTwice {
            throw refusal(
                .writeTwice,
                "the plugin '\(plugin)' wrote one record of the collection '\(collection)' twice in one write; "
                    + "combine the two writes")
        }
        return try await core.store.write(writes)
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        let declared = try collections()
        guard declared.contains(collection) else {
            throw refusal(.find, declared.mistake("the plugin '\(plugin)' searched", collection))
        }
        guard declared.hasIndex(index, of: collection) else {
            throw refusal(
                .index,
                "the plugin '\(plugin)' searched the collection '\(collection)' by the index '\(index)', which it has "
                    + "not declared; add it to the indexes of the StoreCollection")
        }
        return try await core.store.find(collection, by: index, equals: value, after: after, limit: limit)
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        let declared = try collections()
        guard declared.contains(collection) else {
            throw refusal(.page, declared.mistake("the plugin '\(plugin)' walked through", collection))
        }
        return try await core.store.page(collection, after: after, limit: limit)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64 {
        let declared = try collections()
        guard declared.contains(key.collection) else {
            throw refusal(.increment, declared.mistake("the plugin '\(plugin)' counted in", key.collection))
        }
        return try await core.store.increment(key, expiresAt: expiresAt, now: core.now)
    }

    private func refusal(_ kind: Mistake, _ description: String) -> PluginMistake {
        refusal(kind, PluginMistake(description, of: plugin))
    }

    /// Logs a mistake if it is the first of its kind.
    private func refusal(_ kind: Mistake, _ mistake: PluginMistake) -> PluginMistake {
        if logged.withLock({ $0.insert(kind).inserted }) {
            core.logger.error(
                "a plugin misuses the store; this is logged once for each kind of mistake",
                metadata: ["plugin": "\(plugin)", "what": "\(mistake)"])
        }
        return mistake
    }
}
