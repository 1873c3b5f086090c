// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GrantKit
import Synchronization

/// One file, with a connection that writes and a few that read in place.
final class SQLiteDatabase: Sendable {
    let writer: GroupCommit
    private let path: String
    private let queue: DatabaseQueue
    private let readers: [DatabaseQueue]
    private let turn = Atomic<Int>(0)

    /// Opens the file, and makes it and its folder readable for the server's user alone if they are missing.
    init(path: String, patience: Duration) throws {
        self.path = path
        try SQLiteDatabase.makeFile(path)
        do {
            queue = try SQLiteDatabase.open(path, patience)
            var readOnly = SQLiteDatabase.configuration(patience)
            readOnly.readonly = true
            readers = try (0..<2).map { _ in try DatabaseQueue(path: path, configuration: readOnly) }
            writer = GroupCommit(queue, path: path)
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    /// Whether another process was setting up the same new file.
    private static func isTransient(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_CONSTRAINT
    }

    /// Opens the file to write.
    ///
    /// While another process sets up a new file, SQLite says that it is locked without waiting.
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
        // The last connection moves the log into the file, which only one that writes can do.
        for reader in readers { try? reader.close() }
        // Where others still have it open, what was overwritten would stay readable in the log.
        _ = try? await queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? queue.close()
    }

    /// Reads on the caller's thread: a lookup is shorter than a change of threads.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let number = turn.add(1, ordering: .relaxed).oldValue
        do {
            return try readers[number & Int.max % readers.count].unsafeRead(body)
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    private static func makeFile(_ path: String) throws {
        // Paths are C strings, and the system fills what belongs to the caller, for as long as a call runs.
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
            throw StoreError("the store \(path) holds private keys and can be read by others; chmod 600 \(path)")
        }
    }

    private static func notMade(_ path: String, _ reason: Int32) -> StoreError {
        // 'strerror' gives a string that ends with NUL.
        let whole = URL(fileURLWithPath: path)
        return StoreError(
            unsafe "the store \(whole.path) cannot be made: \(String(cString: strerror(reason))); the server's user must be able "
                + "to write in the folder \(whole.deletingLastPathComponent().path)")
    }

    /// Makes the folders that are missing, each for whoever owns the one above it.
    private static func makeFolder(_ path: String) throws {
        // Paths are C strings for as long as a call runs.
        guard unsafe access(path, F_OK) != 0, path != "/" else { return }
        let above = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try makeFolder(above)
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw StoreError(
                unsafe "the folder \(path) for the store cannot be made: \(String(cString: strerror(errno)))")
        }
        let descriptor = unsafe Foundation.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        adopt(descriptor, from: above)
        Foundation.close(descriptor)
    }

    /// What root makes in somebody's folder belongs to that somebody, or the server's user could not open it later.
    private static func adopt(_ descriptor: Int32, from folder: String) {
        // The system fills what belongs to the caller.
        var status = stat()
        guard geteuid() == 0, unsafe stat(folder, &status) == 0, status.st_uid != 0 else { return }
        _ = fchown(descriptor, status.st_uid, status.st_gid)
    }

    private static func configuration(_ patience: Duration) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(TimeInterval(patience.components.seconds))
        configuration.prepareDatabase { database in
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA journal_mode = WAL") }
            // FULL: an answer that was sent must outlive a loss of power. The rare checkpoint keeps commits short.
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 10000")
            // Keys and passwords are among what is replaced and deleted.
            try database.execute(sql: "PRAGMA secure_delete = ON")
        }
        return configuration
    }

    private static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS record (
                        collection TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, version INTEGER NOT NULL,
                        redeemed INTEGER NOT NULL, expires_at INTEGER NOT NULL, indexes TEXT NOT NULL);
                    -- Ids are random: rows that are appended, with only a small index entry in a random place, write a
                    -- third of the pages that rows in the order of their ids do.
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
        return migrator
    }
}

/// Says what SQLite's errors mean for the operator.
enum SQLiteFailure {
    /// Whether the file is in the way, rather than what was to be done with it.
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
            case .SQLITE_BUSY, .SQLITE_LOCKED: "is locked by another process; end that process or raise 'busy_timeout'"
            case .SQLITE_READONLY: "is read-only; the server's user must be able to write the file and its folder"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: "is corrupt or no SQLite file; restore it from a backup"
            case .SQLITE_FULL: "cannot grow, the disk is full; make room"
            case .SQLITE_CANTOPEN, .SQLITE_PERM: "cannot be opened; the server's user must own the file and its folder"
            case .SQLITE_IOERR: "cannot be read or written; look at the disk"
            default: "failed"
            }
        return StoreError(
            "the store \(path) \(meaning) (SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "-"))")
    }
}
