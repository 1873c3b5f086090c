// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GRDB
import GrantKit
import Synchronization

/// A store in one SQLite file; what is committed is durable.
final class SQLiteStore: Plugin, PortableStore {
    static let manifest = PluginManifest(
        id: "sqlite-store", summary: "keeps everything in one file", specification: "")

    private let path: String
    private let patience: Duration
    private let opened = Mutex<SQLiteDatabase?>(nil)
    private let relaxed = Mutex<Set<String>>([])
    private let followed = Mutex<Set<String>>([])

    init(settings: Settings, host: any PluginHost) {
        path = settings.read("path", default: "var/grantor.db", "the file; its folder is created if it is missing")
        patience = settings.read(
            "busy_timeout", default: .seconds(5), in: .seconds(1)...(.seconds(60)),
            "how long to wait for another process that writes to the file")
    }

    func register(in registry: inout Registry) {
        registry.add(store: self)
    }

    func start() async throws {
        let database = try SQLiteDatabase(path: path, patience: patience)
        opened.withLock { $0 = database }
    }

    func stop() async {
        // Taken first, since a database must not be closed twice.
        let database = opened.withLock { opened in
            defer { opened = nil }
            return opened
        }
        await database?.close()
    }

    private var database: SQLiteDatabase {
        get throws {
            guard let database = opened.withLock({ $0 }) else { throw StoreError("the store is not open") }
            return database
        }
    }

    func prepare(_ collections: [StoreCollection]) async throws {
        let names = collections.filter { $0.durability == .relaxed }.map(\.name)
        relaxed.withLock { $0.formUnion(names) }
        followed.withLock { $0.formUnion(collections.filter(\.isFollowed).map(\.name)) }
    }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        guard !keys.isEmpty else { return [] }
        return try database.read { try Records.read(keys, in: $0) }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let followed = followed.withLock { $0 }
        return try await database.writer.submit(early: false) { database in
            let outcome = try Records.write(writes, in: database)
            if outcome == .committed { try Changes.add(writes, to: followed, in: database) }
            return outcome
        }
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try database.read { database in
            try Records.find(collection, by: index, equals: value, after: after?.id, limit: limit, in: database)
        }
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try database.read { try Records.page(collection, after: after?.id, limit: limit, in: $0) }
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        let isRelaxed = relaxed.withLock { $0.contains(key.collection) }
        return try await database.writer.submit(early: isRelaxed) {
            try Records.increment(key, expiresAt: expiresAt, now: now, in: $0)
        }
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await database.writer.submit(early: false) {
            try Changes.trim(limit: limit, in: $0)
            return try Records.purge(expiredBefore: moment, limit: limit, in: $0)
        }
    }

    /// Answers at once, since looking is cheaper than being told by another process.
    func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        try database.read { database in
            guard let position else { return try Changes.position(in: database) }
            return try Changes.read(after: position, limit: limit, in: database)
        }
    }
}

// MARK: copying

extension SQLiteStore {
    func inspect(at now: Timestamp) async throws -> StoreInspection {
        // A store that is not open is looked at as it is.
        if let database = try? database { try await database.writer.catchUp() }
        return try SQLiteInspection.inspect(path, SQLiteDatabase.readingConfiguration(patience), at: now)
    }

    func snapshot() async throws -> any StoreSnapshot {
        try await database.writer.catchUp()
        return try SQLiteSnapshot(path, SQLiteDatabase.readingConfiguration(patience))
    }

    func load(_ items: [StoreItem], moving mark: StoreRecord) async throws -> Bool {
        try await database.writer.submit(early: false) { try Records.load(items, moving: mark, in: $0) }
    }
}

/// The handshake that the server reads before it loads this library.
@c(sqlite_store_plugin_abi)
public func sqliteStorePluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(sqlite_store_plugin_make)
public func sqliteStorePluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(SQLiteStore.self)
}
