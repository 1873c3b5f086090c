// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit

/// The log of the keys of followed collections that have changed.
///
/// SQLite has one writer at a time, so the numbers are in the order of the commits.
enum Changes {
    /// The number of entries that are kept; a server that has missed more reads everything again.
    static let most: Int64 = 100_000

    /// Logs the writes to followed collections, in their transaction.
    static func add(_ writes: [StoreWrite], to followed: Set<String>, in database: Database) throws {
        for write in writes {
            let key: StoreKey
            switch write {
            case .create(let record), .replace(let record, _): key = record.key
            case .redeem(let changed), .delete(let changed): key = changed
            default: continue
            }
            guard followed.contains(key.collection) else { continue }
            let statement = try database.cachedStatement(
                sql: "INSERT INTO change (mark, collection, id) VALUES (random(), ?, ?)")
            try statement.execute(arguments: [key.collection, key.storedID])
        }
    }

    /// The position after the last entry.
    static func position(in database: Database) throws -> StoreChanges {
        let statement = try database.cachedStatement(
            sql: "SELECT number, mark, collection FROM change ORDER BY number DESC LIMIT 1")
        guard let values = try RecordCursor(statement).next() else { return StoreChanges([], position: nil) }
        return StoreChanges([], position: try ChangePosition(row(values)).text)
    }

    /// The entries after a position, whose own entry must still be there.
    static func read(after position: String, limit: Int, in database: Database) throws -> StoreChanges {
        guard let start = ChangePosition(position) else { return StoreChanges([], position: nil) }
        let statement = try database.cachedStatement(
            sql: "SELECT number, mark, collection, id FROM change WHERE number >= ? ORDER BY number LIMIT ?")
        let rows = RecordCursor(statement)
        try rows.bind(start.number)
        try rows.bind(Int64(min(max(limit, 0), 10_000) + 1))
        var (keys, last): ([StoreKey], ChangePosition?) = ([], nil)
        while let values = try rows.next() {
            let row = row(values)
            let found = try ChangePosition(row)
            if last != nil {
                keys.append(StoreKey(try row.text(2, "collection"), StoredText.decode(try row.text(3, "id"))))
            } else if found != start {
                return StoreChanges([], position: nil)
            }
            last = found
        }
        return StoreChanges(keys, position: last?.text)
    }

    /// An entry, whose third column is the collection.
    private static func row(_ values: [DatabaseValue]) -> RecordRow {
        RecordRow(values, of: String.fromDatabaseValue(values[2]) ?? "", in: "change")
    }

    /// Begins the log anew, so that no server takes what was loaded for what it knows.
    static func forget(in database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM change").execute()
        try database.cachedStatement(sql: first).execute()
    }

    /// The first position.
    static let first = "INSERT INTO change (mark, collection, id) VALUES (random(), '', '')"

    /// Removes old entries, at most as many as the limit says.
    static func trim(limit: Int, in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                DELETE FROM change WHERE number IN (SELECT number FROM change
                WHERE number <= (SELECT max(number) FROM change) - ? ORDER BY number LIMIT ?)
                """)
        try statement.execute(arguments: [most, limit])
    }
}
