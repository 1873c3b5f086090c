// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit

/// The store's contract in SQL, on cached statements.
enum Records {
    // MARK: reading

    /// SQLite takes 500 terms in a compound statement; fewer also keep the number of cached statements small.
    private static let keysPerStatement = 64

    /// All keys as of one moment: one statement for a few, one transaction for many.
    static func read(_ keys: [StoreKey], in database: Database) throws -> [StoreRecord?] {
        guard keys.count > keysPerStatement else { return try readPart(keys[...], in: database) }
        var found: [StoreRecord?] = []
        try database.inTransaction(.deferred) {
            for start in stride(from: 0, to: keys.count, by: keysPerStatement) {
                found += try readPart(keys[start..<min(start + keysPerStatement, keys.count)], in: database)
            }
            return .commit
        }
        return found
    }

    private static func readPart(_ keys: ArraySlice<StoreKey>, in database: Database) throws -> [StoreRecord?] {
        let part =
            "SELECT ? AS place, value, version, redeemed, expires_at, indexes FROM record "
            + "WHERE collection = ? AND id = ?"
        let statement = try database.cachedStatement(
            sql: Array(repeating: part, count: keys.count).joined(separator: " UNION ALL "))
        var arguments: [(any DatabaseValueConvertible)?] = []
        for (place, key) in keys.enumerated() {
            arguments += [place, key.collection, key.id] as [any DatabaseValueConvertible]
        }
        var found = [StoreRecord?](repeating: nil, count: keys.count)
        let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
        while let row = try rows.next() {
            let place: Int = row[0]
            found[place] = try record(keys[keys.startIndex + place], row, from: 1)
        }
        return found
    }

    private static func record(_ key: StoreKey, _ row: Row, from column: Int) throws -> StoreRecord {
        let text: String = row[column]
        let indexes: String = row[column + 4]
        let record = StoreRecord(
            key, try parse(text, key), expiresAt: Timestamp(seconds: row[column + 3]), indexes: decoded(indexes))
        return record.stored(version: row[column + 1], isRedeemed: row[column + 2])
    }

    private static func parse(_ text: String, _ key: StoreKey) throws -> JSON {
        do {
            return try JSON(parsing: text, depth: 64)
        } catch {
            throw StoreError("the record '\(key.id)' of '\(key.collection)' cannot be read: \(error)")
        }
    }

    private static func decoded(_ indexes: String) -> [String: String] {
        guard indexes != "{}" else { return [:] }
        var names: [String: String] = [:]
        for member in (try? JSON(parsing: indexes))?.members ?? [] { names[member.name] = member.value.string }
        return names
    }

    static func find(
        _ collection: String, by index: String, equals value: String, after: String?, limit: Int, in database: Database
    ) throws -> [StoreRecord] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT r.id, r.value, r.version, r.redeemed, r.expires_at, r.indexes FROM record_index i
                JOIN record r ON r.collection = i.collection AND r.id = i.id
                WHERE i.collection = ? AND i.name = ? AND i.value = ? AND i.id > ? ORDER BY i.id LIMIT ?
                """)
        let arguments: StatementArguments = [collection, index, value, after ?? "", limit]
        return try Row.fetchAll(statement, arguments: arguments).map { row in
            try record(StoreKey(collection, row[0]), row, from: 1)
        }
    }

    // MARK: writing

    /// Checks every condition before anything is written; the transaction keeps others out in between.
    static func write(_ writes: [StoreWrite], in database: Database) throws -> WriteOutcome {
        for (place, write) in writes.enumerated() {
            guard let (key, holds) = try condition(of: write) else { continue }
            let found = try read([key], in: database)[0]
            if !holds(found) { return .conflict(write: place, found: found) }
        }
        // A record that is created can still collide, so those come first and are taken back if one does.
        for (place, write) in writes.enumerated() {
            guard case .create(let record) = write, try !insert(record, in: database) else { continue }
            for case .create(let made) in writes[..<place] { try delete(made.key, in: database) }
            return .conflict(write: place, found: try read([record.key], in: database)[0])
        }
        for write in writes { try apply(write, in: database) }
        return .committed
    }

    private static func condition(of write: StoreWrite) throws -> (StoreKey, (StoreRecord?) -> Bool)? {
        switch write {
        case .create, .delete: return nil
        case .replace(let record, let version): return (record.key, { $0?.version == version })
        case .redeem(let key): return (key, { $0?.isRedeemed == false })
        case .absent(let key): return (key, { $0 == nil })
        @unknown default:
            throw StoreError("sqlite-store does not know this kind of write; it was built for an older kit")
        }
    }

    private static func apply(_ write: StoreWrite, in database: Database) throws {
        switch write {
        case .replace(let record, let version): try replace(record, version, in: database)
        case .redeem(let key):
            try run(
                "UPDATE record SET redeemed = 1, version = version + 1 WHERE collection = ? AND id = ?",
                [key.collection, key.id], in: database)
        case .delete(let key): try delete(key, in: database)
        default: break
        }
    }

    private static func run(_ sql: String, _ arguments: StatementArguments, in database: Database) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    private static func insert(_ record: StoreRecord, in database: Database) throws -> Bool {
        try run(
            "INSERT INTO record VALUES (?, ?, ?, 1, 0, ?, ?) ON CONFLICT DO NOTHING",
            [
                record.key.collection, record.key.id, record.value.text, record.expiresAt.seconds,
                encoded(record.indexes),
            ],
            in: database)
        guard database.changesCount == 1 else { return false }
        try addIndexes(of: record, in: database)
        return true
    }

    private static func replace(_ record: StoreRecord, _ version: Int64, in database: Database) throws {
        try removeIndexes(of: record.key, in: database)
        try run(
            "UPDATE record SET value = ?, version = ?, expires_at = ?, indexes = ? WHERE collection = ? AND id = ?",
            [
                record.value.text, version + 1, record.expiresAt.seconds, encoded(record.indexes),
                record.key.collection,
                record.key.id,
            ], in: database)
        try addIndexes(of: record, in: database)
    }

    private static func delete(_ key: StoreKey, in database: Database) throws {
        try removeIndexes(of: key, in: database)
        try run("DELETE FROM record WHERE collection = ? AND id = ?", [key.collection, key.id], in: database)
    }

    private static func encoded(_ indexes: [String: String]) -> String {
        guard !indexes.isEmpty else { return "{}" }
        return JSON.object(indexes.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }).text
    }

    private static func addIndexes(of record: StoreRecord, in database: Database) throws {
        for (name, value) in record.indexes {
            try run(
                "INSERT INTO record_index VALUES (?, ?, ?, ?)", [record.key.collection, name, value, record.key.id],
                in: database)
        }
    }

    private static func removeIndexes(of key: StoreKey, in database: Database) throws {
        // Not the whole record: one whose value cannot be read must still be purged.
        let statement = try database.cachedStatement(
            sql: "SELECT indexes FROM record WHERE collection = ? AND id = ?")
        guard let text = try String.fetchOne(statement, arguments: [key.collection, key.id]) else { return }
        for (name, value) in decoded(text) {
            try run(
                "DELETE FROM record_index WHERE collection = ? AND name = ? AND value = ? AND id = ?",
                [key.collection, name, value, key.id], in: database)
        }
    }

    // MARK: counting and purging

    static func increment(
        _ key: StoreKey, expiresAt: Timestamp, now: Timestamp, in database: Database
    ) throws -> Int64 {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO counter VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET
                count = CASE WHEN expires_at > ? THEN count + 1 ELSE 1 END,
                expires_at = CASE WHEN expires_at > ? THEN expires_at ELSE excluded.expires_at END
                RETURNING count
                """)
        let arguments: StatementArguments = [key.collection, key.id, expiresAt.seconds, now.seconds, now.seconds]
        guard let count = try Int64.fetchOne(statement, arguments: arguments) else {
            throw StoreError("a counter gave no count")
        }
        return count
    }

    static func purge(expiredBefore moment: Timestamp, limit: Int, in database: Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: "SELECT collection, id FROM record WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        let keys = try Row.fetchAll(statement, arguments: [moment.seconds, limit]).map { StoreKey($0[0], $0[1]) }
        for key in keys { try delete(key, in: database) }
        try run(
            """
            DELETE FROM counter WHERE (collection, id) IN
            (SELECT collection, id FROM counter WHERE expires_at < ? LIMIT ?)
            """, [moment.seconds, limit - keys.count], in: database)
        return keys.count + database.changesCount
    }
}
