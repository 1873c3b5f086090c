// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GrantKit
import Synchronization

/// The database file, with one connection that writes and a few that read on the caller's thread.
final class SQLiteDatabase: Sendable {
    let writer: GroupCommit
    private let path: String
    private let queue: DatabaseQueue
    private let readers: [DatabaseQueue]
    private let turn = Atomic<Int>(0)

    /// Opens the file; if it or its folder is missing, creates it with permissions for the server's user only.
    init(path: String, patience: Duration) throws {
        self.path = path
        try SQLiteDatabase.makeFile(path)
        do {
            queue = try SQLiteDatabase.open(path, patience)
            let readOnly = SQLiteDatabase.readingConfiguration(patience)
            readers = try (0..<2).map { _ in try DatabaseQueue(path: path, configuration: readOnly) }
            writer = GroupCommit(queue, path: path)
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    /// Whether an error can come from another process that is setting up the same new file.
    private static func isTransient(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_CONSTRAINT
    }

    /// Opens the file for writing.
    ///
    /// While another process sets up a new file, SQLite reports a lock without waiting, so opening is retried.
    private static func open(_ path: String, _ patience: Duration) throws -> DatabaseQueue {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                let queue = try DatabaseQueue(path: path, configuration: configuration(patience))
                try migrations.migrate(queue)
                return queue
            } catch let error as DatabaseError where isTransient(error) && ContinuousClock.now < deadline {
                usleep(20_000)
            }
        }
    }

    func close() async {
        await writer.close()
        // The last connection moves the log into the file, so it must be the one that writes.
        for reader in readers { try? reader.close() }
        // If other processes have the file open, overwritten data would stay readable in the log.
        _ = try? await queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? queue.close()
    }

    /// Reads on the caller's thread, since a lookup is faster than a change of threads.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let number = turn.add(1, ordering: .relaxed).oldValue
        do {
            return try readers[number & Int.max % readers.count].unsafeRead(body)
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    private static func makeFile(_ path: String) throws {
        // Safe: paths are C strings, and the system only writes to the structure, for the duration of a call.
        try makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        var descriptor = unsafe Foundation.open(path, flags | O_CREAT | O_EXCL, 0o600)
        let isNew = descriptor >= 0
        if !isNew {
            guard errno == EEXIST else { throw notMade(path, errno) }
            descriptor = unsafe Foundation.open(path, flags)
        }
        guard descriptor >= 0 else {
            throw StoreError(
                unsafe "the store \(path) cannot be opened: \(String(cString: strerror(errno))); the server's user must own it"
            )
        }
        defer { Foundation.close(descriptor) }
        if isNew { adopt(descriptor, from: URL(fileURLWithPath: path).deletingLastPathComponent().path) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw StoreError("the store \(path) contains private keys, but others can read it; run: chmod 600 \(path)")
        }
    }

    private static func notMade(_ path: String, _ reason: Int32) -> StoreError {
        // Safe: 'strerror' returns a string that ends with NUL.
        let whole = URL(fileURLWithPath: path)
        return StoreError(
            unsafe "the store \(whole.path) cannot be created: \(String(cString: strerror(reason))); the server's user needs "
                + "write access to the folder \(whole.deletingLastPathComponent().path)")
    }

    /// Creates missing folders, each owned by the owner of its parent.
    private static func makeFolder(_ path: String) throws {
        // Safe: paths are C strings for the duration of a call.
        guard unsafe access(path, F_OK) != 0, path != "/" else { return }
        let above = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try makeFolder(above)
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StoreError(
                unsafe "the folder \(path) for the store cannot be created: \(String(cString: strerror(errno)))")
        }
        let descriptor = unsafe Foundation.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        adopt(descriptor, from: above)
        Foundation.close(descriptor)
    }

    /// Gives what root has created to the owner of the folder, since the server's user could not open it otherwise.
    private static func adopt(_ descriptor: Int32, from folder: String) {
        // Safe: the system only writes to the structure during the call.
        var status = stat()
        guard geteuid() == 0, unsafe stat(folder, &status) == 0, status.st_uid != 0 else { return }
        _ = fchown(descriptor, status.st_uid, status.st_gid)
    }

    /// The settings of a connection that only reads.
    static func readingConfiguration(_ patience: Duration) -> GRDB.Configuration {
        var configuration = configuration(patience)
        configuration.readonly = true
        return configuration
    }

    private static func configuration(_ patience: Duration) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(TimeInterval(patience.components.seconds))
        configuration.prepareDatabase { database in
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA journal_mode = WAL") }
            // FULL, since what a response reports must survive a power failure. Rare checkpoints keep commits short.
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 10000")
            // Replaced and deleted data may include keys and passwords.
            try database.execute(sql: "PRAGMA secure_delete = ON")
        }
        return configuration
    }

    /// The version of the tables that this plugin makes.
    static let newestVersion = 2

    private static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS record (
                        collection TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, version INTEGER NOT NULL,
                        redeemed INTEGER NOT NULL, expires_at INTEGER NOT NULL, indexes TEXT NOT NULL);
                    -- Ids are random. Appending rows, with only a small index entry in a random place, writes a third
                    -- of the pages that rows in the order of their ids would write.
                    CREATE UNIQUE INDEX IF NOT EXISTS record_by_key ON record (collection, id);
                    CREATE INDEX IF NOT EXISTS record_by_expiry ON record (expires_at);
                    CREATE TABLE IF NOT EXISTS record_index (
                        collection TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
                        PRIMARY KEY (collection, name, value, id)) WITHOUT ROWID;
                    CREATE TABLE IF NOT EXISTS counter (
                        collection TEXT NOT NULL, id TEXT NOT NULL, count INTEGER NOT NULL, expires_at INTEGER NOT NULL,
                        PRIMARY KEY (collection, id)) WITHOUT ROWID;
                    CREATE INDEX IF NOT EXISTS counter_by_expiry ON counter (expires_at);
                    """)
        }
        migrator.registerMigration("2") { database in
            try database.execute(
                sql: """
                    -- Numbers are never given twice, also if the last entry is removed.
                    CREATE TABLE IF NOT EXISTS change (
                        number INTEGER PRIMARY KEY AUTOINCREMENT, mark INTEGER NOT NULL, collection TEXT NOT NULL,
                        id TEXT NOT NULL);
                    \(Changes.first);
                    """)
        }
        return migrator
    }
}

/// Explains SQLite's errors to the operator.
enum SQLiteFailure {
    /// Whether the file is the problem, rather than the work.
    static func isOfFile(_ error: any Error) -> Bool {
        guard let code = (error as? DatabaseError)?.resultCode else { return false }
        return [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CORRUPT].contains(
            code)
    }

    static func explain(_ error: any Error, _ path: String) -> any Error {
        if let fault = error as? RowFault { return fault.explained(path) }
        guard let error = error as? DatabaseError else { return error }
        let meaning =
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: "is locked by another process; stop that process or raise 'busy_timeout'"
            case .SQLITE_READONLY: "is read-only; the server's user needs write access to the file and its folder"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: "is corrupt or not an SQLite file; restore it from a backup"
            case .SQLITE_FULL: "cannot grow because the disk is full; free some space"
            case .SQLITE_CANTOPEN, .SQLITE_PERM: "cannot be opened; the server's user must own the file and its folder"
            case .SQLITE_IOERR: "cannot be read or written; check the disk"
            case .SQLITE_CONSTRAINT: "has this record already"
            default: "failed"
            }
        return StoreError(
            "the store \(path) \(meaning) (SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "-"))")
    }
}
