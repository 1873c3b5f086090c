// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import Foundation
import GrantKit
import Synchronization

/// A store in PostgreSQL, which any number of nodes share; what is committed is durable.
final class PostgreSQLStore: Plugin, PortableStore {
    static let manifest = PluginManifest(
        id: "postgres-store", summary: "keeps everything in PostgreSQL, for one node or many", specification: "")

    private let settings: PoolSettings
    private let host: any PluginHost
    private let clock: ClockWatch
    private let opened = Mutex<Pool?>(nil)
    private let comparing = Mutex<Task<Void, Never>?>(nil)
    private let relaxed = Mutex<Set<String>>([])
    private let followed = Mutex<Set<String>>([])
    /// Where to listen for changes; nil for nowhere.
    private let listening: ServerAddress?
    private let listener = Mutex<ChangeListener?>(nil)
    private let signal = ChangeSignal()
    private let loading = Mutex<BlockingSession?>(nil)

    init(settings: Settings, host: any PluginHost) throws {
        let url = try settings.read(
            "url", example: "postgresql://grantor@db.example.com/grantor?sslmode=verify-full",
            "the database, as libpq takes it; several hosts are separated by commas")
        let password = settings.read(secret: "password", "the password, if it is not in 'url'")
        let size = settings.read(
            "pool", default: 8, in: 2...100, "the number of connections of this node; half of them write")
        let timeout = settings.read(
            "statement_timeout", default: .seconds(5), in: .seconds(1)...(.seconds(60)),
            "how long the database may take for a statement")
        let isPrepared = settings.read(
            "prepared_statements", default: true,
            "whether to prepare statements; false behind PgBouncer in transaction mode")
        let notifications = settings.read(
            "notifications", default: Notifications.on,
            "whether to listen for changes of other nodes, or the direct URL at which to listen, beside PgBouncer")
        let address = try ServerAddress(url, password: password)
        listening = try notifications.address(beside: address, password: password, isPrepared: isPrepared)
        self.settings = PoolSettings(
            address: address, size: Int(size), statementTimeout: timeout,
            isPrepared: isPrepared)
        self.host = host
        clock = ClockWatch(self.settings.address.place, log: host.log)
    }

    func register(in registry: inout Registry) {
        registry.add(store: self)
    }

    func start() async throws {
        let address = settings.address
        if address.isExposed {
            host.log.warning(
                "the connection to the store does not check the server's certificate; add 'sslmode=verify-full' to 'url'"
            )
        }
        let warnings = try await PostgreSQLStore.prepareTables(at: address, comparing: clock)
        for warning in warnings { host.log.warning(warning) }
        try clock.check()
        do throws(Failure) {
            let pool = try Pool(settings, log: host.log)
            opened.withLock { $0 = pool }
            let task = PostgreSQLStore.compare(clock, over: pool)
            comparing.withLock { $0 = task }
            try listen()
        } catch {
            throw error.explained(address.place)
        }
    }

    private func listen() throws(Failure) {
        guard let listening else { return }
        let started = try ChangeListener(at: listening, signal, log: host.log)
        listener.withLock { $0 = started }
    }

    /// Compares the clocks again and again, also while the store is not used.
    private static func compare(_ clock: ClockWatch, over pool: Pool) -> Task<Void, Never> {
        Task.detached {
            while !Task.isCancelled {
                let start = clock.uptime
                // If there is no answer, the calls of others report it.
                if let time = try? await pool.answer(Statement.clock()).integer(0, 0) {
                    clock.take(time, between: start, and: clock.uptime)
                }
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Prepares the tables and compares the clocks, over a connection of its own.
    ///
    /// - Returns: Warnings about the database.
    /// - Throws: `StoreError`.
    private static func prepareTables(
        at address: ServerAddress, comparing clock: ClockWatch
    ) async throws -> [String] {
        // libpq blocks while it connects.
        let result = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: Result { () throws(Failure) in
                        let connection = try address.connect()
                        try ServerCheck.compare(clock, connection)
                        try Schema.prepare(connection)
                        return try ServerCheck.warnings(connection)
                    })
            }
        }
        switch result {
        case .success(let warnings): return warnings
        case .failure(let failure): throw failure.explained(address.place)
        }
    }

    func stop() async {
        comparing.withLock { $0?.cancel() }
        listener.withLock { $0?.stop() }
        loading.withLock { $0 = nil }
        // Taken first, since a pool is closed once.
        let pool = opened.withLock { opened in
            defer { opened = nil }
            return opened
        }
        await pool?.close()
    }

    private var pool: Pool {
        get throws {
            guard let pool = opened.withLock({ $0 }) else { throw StoreError("the store is not open") }
            try clock.check()
            return pool
        }
    }

    func prepare(_ collections: [StoreCollection]) async throws {
        let names = collections.filter { $0.durability == .relaxed }.map(\.name)
        relaxed.withLock { $0.formUnion(names) }
        followed.withLock { $0.formUnion(collections.filter(\.isFollowed).map(\.name)) }
    }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] {
        guard !keys.isEmpty else { return [] }
        let (pool, parameters) = (try pool, keys.parameters)
        let answer = try await pool.answer(Statement.read(parameters.collections, parameters.ids))
        return try pool.explained { () throws(Failure) in
            var records: [StoreRecord?] = []
            for row in try StoredRow.rows(of: keys, in: answer) { records.append(try row?.record()) }
            return records
        }
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        guard !writes.isEmpty else { return .committed }
        let isRelaxed = relaxed.withLock { names in writes.allSatisfy { names.contains($0.collection) } }
        let changed = followed.withLock { names in writes.compactMap { $0.changedKey(in: names) } }
        guard case .wrote(let outcome) = try await pool.commit(.write(writes), isRelaxed: isRelaxed, changing: changed)
        else {
            throw StoreError("the store lost the result of a write")
        }
        return outcome
    }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        let statement = after == nil ? Statement.firstFound : Statement.found
        return try await records(
            of: collection,
            statement(
                .utf8(collection), .utf8(index), .utf8(value), .utf8(after?.id ?? ""), .integer(Int64(max(limit, 0)))))
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        let statement = after == nil ? Statement.firstPage : Statement.page
        return try await records(
            of: collection, statement(.utf8(collection), .utf8(after?.id ?? ""), .integer(Int64(max(limit, 0)))))
    }

    private func records(of collection: String, _ call: Call) async throws -> [StoreRecord] {
        let pool = try pool
        let answer = try await pool.answer(call)
        return try pool.explained { () throws(Failure) in try StoredRow.records(of: collection, in: answer) }
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        let isRelaxed = relaxed.withLock { $0.contains(key.collection) }
        return try await count(.increment(key, expiresAt: expiresAt, now: now), isRelaxed: isRelaxed)
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        guard limit > 0 else { return 0 }
        return Int(try await count(.purge(expiredBefore: moment, limit: limit), isRelaxed: true))
    }

    func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        guard let position else {
            let (pool, answer) = (try pool, try await pool.answer(Statement.changePosition()))
            return try pool.explained { () throws(Failure) in
                StoreChanges([], position: answer.count == 0 ? nil : try ChangePosition(answer, 0).text)
            }
        }
        await signal.wait(atMost: patience)
        guard let start = ChangePosition(position) else { return StoreChanges([], position: nil) }
        let pool = try pool
        let most = Int64(min(max(limit, 0), 10_000)) + 1
        let answer = try await pool.answer(Statement.changes(.integer(start.number), .integer(most)))
        return try pool.explained { () throws(Failure) in try start.changes(in: answer) }
    }

    private func count(_ work: WriteJob.Work, isRelaxed: Bool) async throws -> Int64 {
        guard case .counted(let count) = try await pool.commit(work, isRelaxed: isRelaxed) else {
            throw StoreError("the store lost the result of a count")
        }
        return count
    }
}

// MARK: copying

extension PostgreSQLStore {
    func inspect(at now: Timestamp) async throws -> StoreInspection {
        let place = settings.address.place
        return try await BlockingSession.open(settings.address).run { connection throws(Failure) in
            try DatabaseInspection.inspect(place, connection, at: now)
        }
    }

    func snapshot() async throws -> any StoreSnapshot {
        _ = try pool
        return try await PostgreSQLSnapshot(settings.address)
    }

    func load(_ items: [StoreItem], moving mark: StoreRecord) async throws -> Bool {
        _ = try pool
        do {
            return try await loadingSession().run { connection throws(Failure) in
                try BulkLoad.run(items, moving: mark, over: connection)
            }
        } catch {
            // It may be lost.
            loading.withLock { $0 = nil }
            throw error
        }
    }

    private func loadingSession() async throws -> BlockingSession {
        if let open = loading.withLock({ $0 }) { return open }
        let session = try await BlockingSession.open(settings.address)
        loading.withLock { $0 = session }
        return session
    }
}

extension StoreWrite {
    /// The collection; empty for a kind of write that did not exist when this was built.
    fileprivate var collection: String {
        switch self {
        case .create(let record), .replace(let record, _): record.key.collection
        case .redeem(let key), .delete(let key), .absent(let key): key.collection
        @unknown default: ""
        }
    }

    /// The key of the record that it changes, if that is in a followed collection.
    fileprivate func changedKey(in followed: Set<String>) -> StoreKey? {
        switch self {
        case .create(let record), .replace(let record, _): followed.contains(record.key.collection) ? record.key : nil
        case .redeem(let key), .delete(let key): followed.contains(key.collection) ? key : nil
        default: nil
        }
    }
}

/// The handshake that the server reads before it loads this library.
@c(postgres_store_plugin_abi)
public func postgresStorePluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(postgres_store_plugin_make)
public func postgresStorePluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(PostgreSQLStore.self)
}
