// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GrantKit
import Support
import Testing

/// Rows as another program or a failing disk may leave them.
@Suite("Rows of sqlite-store with content that it never writes", .timeLimit(.minutes(10)))
struct StoredRowTests {
    /// A value that does not belong in a column.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let table: String
        let column: String
        let sql: String
        var testDescription: String { "\(table).\(column) = \(sql)" }
    }

    private static let columns: [(table: String, columns: [String])] = [
        ("record", ["collection", "id", "value", "version", "redeemed", "expires_at", "indexes"]),
        ("record_index", ["collection", "name", "value", "id"]),
        ("counter", ["collection", "id", "count", "expires_at"]),
    ]
    private static let values = [
        "NULL", "'words'", "''", "x'00ff'", "x''", "0.5", "-1", "0", "2", "9223372036854775807", "-9223372036854775808",
        "9e999", "'{oops'", "'[]'", "'{\"by\": 1}'", "'null'", "CAST(x'ff' AS TEXT)",
    ]
    static let all = columns.flatMap { table in
        table.columns.flatMap { column in values.map { Wrong(table: table.table, column: column, sql: $0) } }
    }

    private static let now = Timestamp(seconds: 1000)
    private static let secret = "secret-of-the-row"
    private static let key = StoreKey("kept", secret)

    /// Opens a store on tables without the constraints that refuse some of the values, and a second connection to its
    /// file.
    private static func withStore(_ body: (any Store, DatabaseQueue) async throws -> Void) async throws {
        try await Stores.withFile { path in
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            let file = try DatabaseQueue(path: path)
            try await file.write { database in
                for (table, columns) in columns {
                    try database.execute(sql: "CREATE TABLE \(table) (\(columns.joined(separator: ", ")))")
                }
                try database.execute(
                    sql: "CREATE UNIQUE INDEX counter_by_key ON counter (collection, id);"
                        + "CREATE UNIQUE INDEX index_by_key ON record_index (collection, name, value, id)")
            }
            chmod(path, 0o600)
            let (plugin, store) = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await plugin.start()
            try await body(store, file)
            try file.close()
            await plugin.stop()
        }
    }

    /// Writes one record and one counter with a wrong value in one of their columns.
    private static func fill(_ file: DatabaseQueue, _ wrong: Wrong) async throws {
        try await file.write { database in
            for table in columns { try database.execute(sql: "DELETE FROM \(table.table)") }
            try database.execute(
                sql: """
                    INSERT INTO record VALUES ('kept', '\(secret)', '{"n":1}', 1, 0, 1100, '{"by":"value"}');
                    INSERT INTO record_index VALUES ('kept', 'by', 'value', '\(secret)');
                    INSERT INTO counter VALUES ('kept', '\(secret)', 1, 1100);
                    UPDATE \(wrong.table) SET \(wrong.column) = \(wrong.sql);
                    """)
        }
    }

    private typealias Operation = @Sendable (any Store) async throws -> Void

    /// Every operation of a store, in every variant.
    private static let operations: [Operation] = [
        { _ = try await $0.read([key]) },
        { _ = try await $0.read((0..<100).map { StoreKey("kept", "other \($0)") } + [key]) },
        { _ = try await $0.find("kept", by: "by", equals: "value", after: nil, limit: 9) },
        { _ = try await $0.page("kept", after: nil, limit: 9) },
        { _ = try await $0.page("kept", after: StoreKey("kept", "a"), limit: 9) },
        { _ = try await $0.write([.create(StoreRecord(key, [:], expiresAt: now, indexes: ["by": "value"]))]) },
        { _ = try await $0.write([.replace(StoreRecord(key, [:], expiresAt: now), ifVersion: 1)]) },
        { _ = try await $0.write([.replace(StoreRecord(key, [:], expiresAt: now), ifVersion: .max)]) },
        { _ = try await $0.write([.redeem(key)]) },
        { _ = try await $0.write([.absent(key)]) },
        { _ = try await $0.increment(key, expiresAt: now + .seconds(9), now: now) },
        { _ = try await $0.purge(expiredBefore: now + .seconds(500), limit: 9) },
        { _ = try await $0.purge(expiredBefore: Timestamp(seconds: .max), limit: 9) },
        { _ = try await $0.write([.delete(key)]) },
    ]

    @Test("any value in any column gives a result or a clear store error, in every operation", arguments: all)
    func operate(_ wrong: Wrong) async throws {
        try await StoredRowTests.withStore { store, file in
            for operation in StoredRowTests.operations {
                try await StoredRowTests.fill(file, wrong)
                do {
                    try await operation(store)
                } catch let error as StoreError {
                    #expect(!error.message.contains(StoredRowTests.secret), "\(error)")
                    #expect(!error.message.contains("words"), "\(error)")
                    let isFault = error.message.contains("of the collection 'kept'")
                    #expect(isFault || error.message.contains("UNIQUE constraint failed"), "\(error)")
                } catch {
                    Issue.record("no error of the store: \(error)")
                }
            }
        }
    }

    /// Whether a value is wrong for its column.
    private static func isWrong(_ wrong: Wrong) -> Bool {
        switch (wrong.table, wrong.column) {
        case ("record", "value"): wrong.sql != "'[]'" && wrong.sql != "'null'" && wrong.sql != "'{\"by\": 1}'"
        case ("record", "version"): wrong.sql != "2"
        case ("record", "redeemed"): wrong.sql != "0"
        case ("record", "expires_at"), ("counter", "expires_at"): Int64(wrong.sql) == nil
        case ("record", "indexes"): true
        case ("counter", "count"): wrong.sql != "2"
        default: false
        }
    }

    @Test("the error says where the row is and how to find it", arguments: all.filter(isWrong))
    func explains(_ wrong: Wrong) async throws {
        try await StoredRowTests.withStore { store, file in
            try await StoredRowTests.fill(file, wrong)
            let error = await #expect(throws: StoreError.self) {
                if wrong.table == "record" {
                    _ = try await store.read(StoredRowTests.key)
                } else {
                    let end = StoredRowTests.now + .seconds(9)
                    _ = try await store.increment(StoredRowTests.key, expiresAt: end, now: StoredRowTests.now)
                }
            }
            let message = error?.message ?? ""
            #expect(message.contains("the column '\(wrong.column)' of a \(wrong.table) of the collection 'kept'"))
            #expect(message.contains("restore the file from a backup"))
            #expect(message.contains("SELECT * FROM \(wrong.table) WHERE collection = 'kept' AND ("), "\(message)")
        }
    }

    @Test("the query in the error finds the row", arguments: all.filter { isWrong($0) && $0.table == "record" })
    func finds(_ wrong: Wrong) async throws {
        try await StoredRowTests.withStore { store, file in
            try await StoredRowTests.fill(file, wrong)
            try await file.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO record VALUES ('kept', 'good', '{"n":1}', 1, 0, 1100, '{"by":"value"}');
                        INSERT INTO record VALUES ('kept', 'without', '{"n":1}', 1, 0, 1100, '{}');
                        """)
            }
            let error = await #expect(throws: StoreError.self) { try await store.read(StoredRowTests.key) }
            let query = try #require(error?.message.components(separatedBy: "find such rows with: ").last?.dropLast())
            let found = try await file.read { try Row.fetchAll($0, sql: String(query)).map { $0["id"] as String } }
            #expect(found == [StoredRowTests.secret], "\(query)")
        }
    }

    @Test("an expired record is purged whatever else its row contains", arguments: all.filter { $0.table == "record" })
    func purges(_ wrong: Wrong) async throws {
        guard wrong.column != "expires_at" else { return }
        try await StoredRowTests.withStore { store, file in
            try await StoredRowTests.fill(file, wrong)
            let end = Timestamp(seconds: StoredRowTests.now.seconds + 200)
            #expect(try await store.purge(expiredBefore: end, limit: 1) == 1)
            #expect(try await store.read(StoredRowTests.key) == nil)
        }
    }
}
