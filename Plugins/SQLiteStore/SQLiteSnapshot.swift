// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit
import Synchronization

/// A read transaction on a connection of its own, which reads row by row in the order of the file.
final class SQLiteSnapshot: StoreSnapshot {
    /// The rows read at once.
    private static let rows = 500
    /// The bytes of values after which a page ends, so that large records do not fill the memory.
    private static let bytes = 1 << 20

    private enum Place {
        case records(after: Int64)
        case counters(after: StoreKey?)
        case end
    }

    private let path: String
    private let queue: DatabaseQueue
    private let place = Mutex(Place.records(after: .min))

    /// Begins the transaction.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - configuration: The settings of a connection that only reads.
    /// - Throws: `StoreError`.
    init(_ path: String, _ configuration: GRDB.Configuration) throws {
        self.path = path
        var configuration = configuration
        // The transaction stays open between two pages.
        configuration.allowsUnsafeTransactions = true
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { database in
                try database.execute(sql: "BEGIN")
                // SQLite chooses the snapshot with the first read.
                _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
            }
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    func next() async throws -> [StoreItem] {
        do {
            return try place.withLock { place in
                while true {
                    let items = try queue.inDatabase { try SQLiteSnapshot.page($0, &place) }
                    guard items.isEmpty else { return items }
                    switch place {
                    case .records: place = .counters(after: nil)
                    case .counters: place = .end
                    case .end: return []
                    }
                }
            }
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    func close() async {
        try? queue.close()
    }

    private static func page(_ database: Database, _ place: inout Place) throws -> [StoreItem] {
        switch place {
        case .records(let last):
            let (records, end) = try Records.scan(after: last, limit: rows, bytes: bytes, in: database)
            if let end { place = .records(after: end) }
            return records.map(StoreItem.record)
        case .counters(let last):
            let counters = try Records.counters(after: last, limit: rows, in: database)
            if let end = counters.last { place = .counters(after: end.key) }
            return counters.map(StoreItem.counter)
        case .end: return []
        }
    }
}
