// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit

/// Reads and writes whole stores.
extension Records {
    /// Reads records in the order of their rows, until there are enough of them or of their bytes.
    ///
    /// - Returns: The records, and the number of the last row; nil at the end.
    static func scan(
        after row: Int64, limit: Int, bytes: Int, in database: Database
    ) throws -> (records: [StoreRecord], end: Int64?) {
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, value, version, redeemed, expires_at, indexes, collection, rowid FROM record
                WHERE rowid > ? ORDER BY rowid LIMIT ?
                """)
        var (records, end, size): ([StoreRecord], Int64?, Int) = ([], nil, 0)
        let rows = RecordCursor(statement)
        try rows.bind(row)
        try rows.bind(Int64(limit))
        while size < bytes, let row = try rows.next() {
            let collection = try RecordRow(row, of: "?").text(6, "collection")
            let columns = RecordRow(row, of: collection)
            size += try columns.text(1, "value").utf8.count
            records.append(try record(StoreKey(collection, StoredText.decode(try columns.text(0, "id"))), row))
            end = try columns.integer(7, "rowid")
        }
        return (records, end)
    }

    /// Reads counters in the order of their keys.
    static func counters(after key: StoreKey?, limit: Int, in database: Database) throws -> [StoreCounter] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT collection, id, count, expires_at FROM counter WHERE (collection, id) > (?, ?)
                ORDER BY collection, id LIMIT ?
                """)
        let last = key ?? StoreKey("", "")
        return try Row.fetchAll(statement, arguments: [last.collection, last.storedID, limit]).map { row in
            let values = Array(row.databaseValues)
            let collection = try RecordRow(values, of: "?", in: "counter").text(0, "collection")
            let columns = RecordRow(values, of: collection, in: "counter")
            return StoreCounter(
                StoreKey(collection, StoredText.decode(try columns.text(1, "id"))),
                count: try columns.integer(2, "count", in: 1...(.max - 1)),
                expiresAt: Timestamp(seconds: try columns.integer(3, "expires_at")))
        }
    }

    /// Inserts items as they are, and moves the mark.
    ///
    /// - Returns: Whether the mark still had its version.
    static func load(_ items: [StoreItem], moving mark: StoreRecord, in database: Database) throws -> Bool {
        guard try write([.replace(mark, ifVersion: mark.version)], in: database) == .committed else { return false }
        try Changes.forget(in: database)
        for item in items {
            switch item {
            case .record(let record): try insertExactly(record, in: database)
            case .counter(let counter):
                try run(
                    "INSERT INTO counter VALUES (?, ?, ?, ?)",
                    [
                        counter.key.collection, counter.key.storedID, counter.count, counter.expiresAt.seconds,
                    ],
                    in: database)
            @unknown default:
                throw StoreError("sqlite-store does not know this kind of entry; it was built with an older kit")
            }
        }
        return true
    }

    private static func insertExactly(_ record: StoreRecord, in database: Database) throws {
        try run(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                record.key.collection, record.key.storedID, record.value.text, record.version, record.isRedeemed,
                record.expiresAt.seconds, encoded(record.indexes),
            ],
            in: database)
        try addIndexes(of: record, in: database)
    }
}
