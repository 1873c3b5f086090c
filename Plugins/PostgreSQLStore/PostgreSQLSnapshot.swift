// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A transaction that reads everything through two cursors.
final class PostgreSQLSnapshot: StoreSnapshot {
    /// The most rows read at once; libpq holds all of them in memory.
    private static let most = 100
    /// The bytes of values that are meant to be read at once.
    private static let bytes = 1 << 20

    private let session: Mutex<BlockingSession?>
    /// The rows to read next: fewer after large ones.
    private let rows = Mutex(10)
    private let areRecordsRead = Mutex(false)

    /// Begins the transaction.
    ///
    /// - Throws: `StoreError`.
    init(_ address: ServerAddress) async throws {
        let session = try await BlockingSession.open(address)
        try await session.run { connection throws(Failure) in
            try connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            // A backup may take longer than any transaction of the server; versions before 17 lack the last timeout.
            try connection.run("SET LOCAL jit = off")
            try connection.run(
                "SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name IN "
                    + "('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')")
            // Binary, as the pool reads rows.
            try connection.run(
                "DECLARE grantor_records BINARY NO SCROLL CURSOR FOR SELECT id, value, version, redeemed, expires_at, "
                    + "index_names, index_values, collection FROM grantor_record")
            try connection.run(
                "DECLARE grantor_counters BINARY NO SCROLL CURSOR FOR SELECT id, count, expires_at, collection "
                    + "FROM grantor_counter")
        }
        self.session = Mutex(session)
    }

    func next() async throws -> [StoreItem] {
        guard let session = session.withLock({ $0 }) else { throw StoreError("the snapshot is closed") }
        if !areRecordsRead.withLock({ $0 }) {
            let count = rows.withLock { $0 }
            let (records, size) = try await session.run { connection throws(Failure) in
                let answer = try connection.run("FETCH FORWARD \(count) FROM grantor_records")
                let size = (0..<answer.count).reduce(0) { $0 + (answer.bytes($1, 1)?.count ?? 0) }
                return (try PostgreSQLSnapshot.records(in: answer), size)
            }
            let next = min(count * PostgreSQLSnapshot.bytes / max(size, 1), count * 2, PostgreSQLSnapshot.most)
            rows.withLock { $0 = max(next, 1) }
            guard records.isEmpty else { return records.map(StoreItem.record) }
            areRecordsRead.withLock { $0 = true }
        }
        return try await session.run { connection throws(Failure) in
            let answer = try connection.run("FETCH FORWARD \(PostgreSQLSnapshot.most) FROM grantor_counters")
            return try PostgreSQLSnapshot.counters(in: answer)
        }
    }

    func close() async {
        // The connection closes with the last reference, which ends the transaction.
        session.withLock { $0 = nil }
    }

    private static func records(in answer: Answer) throws(Failure) -> [StoreRecord] {
        var records: [StoreRecord] = []
        for row in 0..<answer.count {
            let key = try key(answer, row, collection: 7)
            records.append(try StoredRow(key, answer, row).record())
        }
        return records
    }

    private static func counters(in answer: Answer) throws(Failure) -> [StoreItem] {
        var counters: [StoreItem] = []
        for row in 0..<answer.count {
            let key = try key(answer, row, collection: 3)
            guard let count = answer.integer(row, 1), count > 0, let end = answer.integer(row, 2) else {
                throw .broken("has a counter of '\(key.collection)' that this server never writes")
            }
            counters.append(.counter(StoreCounter(key, count: count, expiresAt: Timestamp(seconds: end))))
        }
        return counters
    }

    private static func key(_ answer: Answer, _ row: Int, collection column: Int) throws(Failure) -> StoreKey {
        guard let collection = answer.bytes(row, column).flatMap({ String(validating: $0, as: UTF8.self) }),
            let id = answer.bytes(row, 0).flatMap({ String(validating: $0, as: UTF8.self) })
        else { throw .broken("has a key that is not UTF-8, which this server never writes; restore it from a backup") }
        return StoreKey(collection, id)
    }
}
