// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Writes many items as they are, in a few statements of one transaction.
///
/// Values are written as hexadecimal digits, which cannot end a literal.
enum BulkLoad {
    /// Loads items and moves the mark.
    ///
    /// - Returns: Whether the mark still had its version.
    /// - Throws: `Failure`.
    static func run(
        _ items: [StoreItem], moving mark: StoreRecord, over connection: Connection
    ) throws(Failure) -> Bool {
        do throws(Failure) {
            try connection.run(Statement.begin.sql)
            try connection.run(
                "SELECT set_config('statement_timeout', '0', true), set_config('synchronous_commit', CASE "
                    + "current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE "
                    + "current_setting('synchronous_commit') END, true)")
            let moved = try connection.run(
                "UPDATE grantor_record SET value = \(bytes(mark.value.text)), expires_at = \(mark.expiresAt.seconds), "
                    + "version = version + 1 WHERE collection = \(bytes(mark.key.collection)) AND id = "
                    + "\(bytes(mark.key.id)) AND version = \(mark.version) RETURNING 1")
            guard moved.count == 1 else {
                try connection.run(Statement.rollback.sql)
                return false
            }
            for statement in statements(items) { try connection.run(statement) }
            try forgetChanges(connection)
            try connection.run(Statement.commit.sql)
            return true
        } catch {
            _ = try? connection.run(Statement.rollback.sql)
            throw error
        }
    }

    /// Begins the log of changes anew, so that no node takes what was loaded for what it knows.
    private static func forgetChanges(_ connection: Connection) throws(Failure) {
        try connection.run(Statement.lockChanges.sql)
        try connection.run("DELETE FROM grantor_change")
        try connection.run("INSERT INTO grantor_change (mark, collection, id) VALUES (\(Schema.mark), '', '')")
    }

    private static func statements(_ items: [StoreItem]) -> [String] {
        var (records, indexes, counters): ([String], [String], [String]) = ([], [], [])
        for item in items {
            switch item {
            case .record(let record):
                records.append(row(record))
                indexes += entries(record)
            case .counter(let counter):
                let (key, end) = (counter.key, counter.expiresAt.seconds)
                counters.append("(\(bytes(key.collection)), \(bytes(key.id)), \(counter.count), \(end))")
            @unknown default: records.append("NULL")
            }
        }
        return [
            insert(
                "grantor_record (collection, id, value, version, redeemed, expires_at, index_names, index_values)",
                records),
            insert("grantor_index (collection, name, value, id)", indexes),
            insert("grantor_counter (collection, id, count, expires_at)", counters),
        ].compactMap(\.self)
    }

    private static func insert(_ table: String, _ rows: [String]) -> String? {
        rows.isEmpty ? nil : "INSERT INTO \(table) VALUES \(rows.joined(separator: ", "))"
    }

    private static func row(_ record: StoreRecord) -> String {
        let indexes = record.indexes.sorted { $0.key < $1.key }
        let (key, value) = (record.key, record.value.text)
        return "(\(bytes(key.collection)), \(bytes(key.id)), \(bytes(value)), \(record.version), \(record.isRedeemed), "
            + "\(record.expiresAt.seconds), \(array(indexes.map(\.key))), \(array(indexes.map(\.value))))"
    }

    private static func entries(_ record: StoreRecord) -> [String] {
        record.indexes.map { name, value in
            "(\(bytes(record.key.collection)), \(bytes(name)), \(bytes(value)), \(bytes(record.key.id)))"
        }
    }

    private static func array(_ texts: [String]) -> String {
        "ARRAY[\(texts.map(bytes).joined(separator: ", "))]::bytea[]"
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func bytes(_ text: String) -> String {
        var hex: [UInt8] = []
        hex.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        return "'\\x\(String(decoding: hex, as: UTF8.self))'::bytea"
    }
}
