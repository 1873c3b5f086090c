// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit

/// Implements the store in SQL, with cached statements.
enum Records {
    // MARK: reading

    /// The maximum number of keys in one statement; SQLite allows 500, and fewer keep the number of cached statements
    /// small.
    private static let keysPerStatement = 64

    /// Reads all keys at one point in time: with one statement for a few keys, with one transaction for many.
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
        let statement = try database.cachedStatement(sql: sql(reading: keys.count))
        let rows = RecordCursor(statement)
        for key in keys {
            try rows.bind(key.collection)
            try rows.bind(key.storedID)
        }
        var found = [StoreRecord?](repeating: nil, count: keys.count)
        while let row = try rows.next() {
            guard case .int64(let place) = row[0].storage else { continue }
            found[Int(place)] = try record(keys[keys.startIndex + Int(place)], row)
        }
        return found
    }

    /// The SQL for small numbers of keys, by number: joining it takes longer than finding a record.
    private static let shortest = (0...8).map(joined)

    private static func sql(reading count: Int) -> String {
        shortest.indices.contains(count) ? shortest[count] : joined(count)
    }

    /// The SQL that reads some keys, each with its place among them.
    private static func joined(_ count: Int) -> String {
        (0..<count).map { place in
            "SELECT \(place) AS place, value, version, redeemed, expires_at, indexes FROM record "
                + "WHERE collection = ? AND id = ?"
        }.joined(separator: " UNION ALL ")
    }

    /// The record of a row, whose columns after the first are those of the table.
    static func record(_ key: StoreKey, _ row: [DatabaseValue]) throws -> StoreRecord {
        let row = RecordRow(row, of: key.collection)
        let record = StoreRecord(
            key, try row.json(1, "value"), expiresAt: Timestamp(seconds: try row.integer(4, "expires_at")),
            indexes: try row.indexes(5, "indexes"))
        // The next version must fit into a number too.
        let version = try row.integer(2, "version", in: 1...(.max - 1))
        return record.stored(version: version, isRedeemed: try row.integer(3, "redeemed", in: 0...1) == 1)
    }

    static func find(
        _ collection: String, by index: String, equals value: String, after: String?, limit: Int, in database: Database
    ) throws -> [StoreRecord] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT r.id, r.value, r.version, r.redeemed, r.expires_at, r.indexes FROM record_index i
                JOIN record r ON r.collection = i.collection AND r.id = i.id
                WHERE i.collection = ? AND i.name = ? AND i.value = ? AND i.id \(after == nil ? ">=" : ">") ?
                ORDER BY i.id LIMIT ?
                """)
        let arguments: StatementArguments = [
            collection, index, StoredText.encode(value), StoredText.encode(after ?? ""), limit,
        ]
        return try records(of: collection, in: Row.fetchAll(statement, arguments: arguments))
    }

    /// Reads along the index of the keys, so that a page takes as long in a large collection as in a small one.
    static func page(
        _ collection: String, after: String?, limit: Int, in database: Database
    ) throws -> [StoreRecord] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, value, version, redeemed, expires_at, indexes FROM record
                WHERE collection = ? AND id \(after == nil ? ">=" : ">") ? ORDER BY id LIMIT ?
                """)
        let arguments: StatementArguments = [collection, StoredText.encode(after ?? ""), limit]
        return try records(of: collection, in: Row.fetchAll(statement, arguments: arguments))
    }

    /// The records of rows that begin with the id.
    private static func records(of collection: String, in rows: [Row]) throws -> [StoreRecord] {
        try rows.map { row in
            let row = Array(row.databaseValues)
            let id = StoredText.decode(try RecordRow(row, of: collection).text(0, "id"))
            return try record(StoreKey(collection, id), row)
        }
    }

    // MARK: writing

    /// Checks every condition before writing anything; the transaction keeps other writers out in between.
    static func write(_ writes: [StoreWrite], in database: Database) throws -> WriteOutcome {
        for (place, write) in writes.enumerated() {
            guard let (key, holds) = try condition(of: write) else { continue }
            let found = try read([key], in: database)[0]
            if !holds(found) { return .conflict(write: place, found: found) }
        }
        // A created record may still collide, so records are created first and deleted again if one collides.
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
            throw StoreError("sqlite-store does not know this kind of write; it was built with an older kit")
        }
    }

    private static func apply(_ write: StoreWrite, in database: Database) throws {
        switch write {
        case .replace(let record, let version): try replace(record, version, in: database)
        case .redeem(let key):
            try run(
                "UPDATE record SET redeemed = 1, version = version + 1 WHERE collection = ? AND id = ?",
                [key.collection, key.storedID], in: database)
        case .delete(let key): try delete(key, in: database)
        default: break
        }
    }

    static func run(_ sql: String, _ arguments: StatementArguments, in database: Database) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    private static func insert(_ record: StoreRecord, in database: Database) throws -> Bool {
        try run(
            "INSERT INTO record VALUES (?, ?, ?, 1, 0, ?, ?) ON CONFLICT DO NOTHING",
            [
                record.key.collection, record.key.storedID, record.value.text,
                record.expiresAt.seconds, encoded(record.indexes),
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
                record.key.collection, record.key.storedID,
            ], in: database)
        try addIndexes(of: record, in: database)
    }

    private static func delete(_ key: StoreKey, in database: Database) throws {
        try removeIndexes(of: key, in: database)
        try run("DELETE FROM record WHERE collection = ? AND id = ?", [key.collection, key.storedID], in: database)
    }

    static func encoded(_ indexes: [String: String]) -> String {
        guard !indexes.isEmpty else { return "{}" }
        return JSON.object(indexes.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }).text
    }

    static func addIndexes(of record: StoreRecord, in database: Database) throws {
        for (name, value) in record.indexes {
            try run(
                "INSERT INTO record_index VALUES (?, ?, ?, ?)",
                [record.key.collection, name, StoredText.encode(value), record.key.storedID],
                in: database)
        }
    }

    private static func removeIndexes(of key: StoreKey, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "SELECT collection, id, indexes FROM record WHERE collection = ? AND id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [key.collection, key.storedID]) else { return }
        try removeIndexes(row[0], row[1], row[2], in: database)
    }

    /// Removes index entries whatever the columns contain, since an unreadable record must still be purged.
    private static func removeIndexes(
        _ collection: DatabaseValue, _ id: DatabaseValue, _ indexes: DatabaseValue, in database: Database
    ) throws {
        guard case .string(let text) = indexes.storage, let names = RecordRow.indexes(text) else {
            return try run(
                "DELETE FROM record_index WHERE collection = ? AND id = ?", [collection, id], in: database)
        }
        for (name, value) in names {
            try run(
                "DELETE FROM record_index WHERE collection = ? AND name = ? AND value = ? AND id = ?",
                [collection, name, StoredText.encode(value), id], in: database)
        }
    }

    // MARK: counting and purging

    static func increment(
        _ key: StoreKey, expiresAt: Timestamp, now: Timestamp, in database: Database
    ) throws -> Int64 {
        let live = try counter(key, in: database).flatMap { $0.expiresAt > now ? $0 : nil }
        let count = (live?.count ?? 0) + 1
        try run(
            """
            INSERT INTO counter VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            count = excluded.count, expires_at = excluded.expires_at
            """, [key.collection, key.storedID, count, (live?.expiresAt ?? expiresAt).seconds], in: database)
        return count
    }

    private static func counter(
        _ key: StoreKey, in database: Database
    ) throws -> (count: Int64, expiresAt: Timestamp)? {
        let statement = try database.cachedStatement(
            sql: "SELECT count, expires_at FROM counter WHERE collection = ? AND id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [key.collection, key.storedID]) else { return nil }
        let counter = RecordRow(Array(row.databaseValues), of: key.collection, in: "counter")
        return (
            try counter.integer(0, "count", in: 1...(.max - 1)),
            Timestamp(seconds: try counter.integer(1, "expires_at"))
        )
    }

    static func purge(expiredBefore moment: Timestamp, limit: Int, in database: Database) throws -> Int {
        // Deletes by row id, which is valid even if the key is damaged.
        let statement = try database.cachedStatement(
            sql: "SELECT rowid, collection, id, indexes FROM record WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        let rows = try Row.fetchAll(statement, arguments: [moment.seconds, limit])
        for row in rows {
            try removeIndexes(row[1], row[2], row[3], in: database)
            try run("DELETE FROM record WHERE rowid = ?", [row[0] as DatabaseValue], in: database)
        }
        try run(
            """
            DELETE FROM counter WHERE (collection, id) IN
            (SELECT collection, id FROM counter WHERE expires_at < ? LIMIT ?)
            """, [moment.seconds, limit - rows.count], in: database)
        return rows.count + database.changesCount
    }
}
