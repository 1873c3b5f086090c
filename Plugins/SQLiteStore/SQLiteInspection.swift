// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GrantKit

/// Looks at the file without opening it as a store, so that nothing is created or migrated.
enum SQLiteInspection {
    static func inspect(
        _ path: String, _ configuration: GRDB.Configuration, at now: Timestamp
    ) throws -> StoreInspection {
        var found = StoreInspection(
            place: URL(fileURLWithPath: path).path, version: 0, newestVersion: SQLiteDatabase.newestVersion, size: nil,
            collections: [])
        guard FileManager.default.fileExists(atPath: path) else { return found }
        found.size = size(path)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            try queue.inDatabase { database in
                found.version = try version(database)
                if found.version > 0 { found.collections = try collections(database, now) }
            }
            return found
        } catch {
            throw SQLiteFailure.explain(error, path)
        }
    }

    /// The file, and the log of what is not in it yet.
    private static func size(_ path: String) -> Int64 {
        [path, path + "-wal"].reduce(0) { sum, file in
            let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int64
            return sum + (size ?? 0)
        }
    }

    private static func version(_ database: Database) throws -> Int {
        guard try database.tableExists("grdb_migrations") else { return 0 }
        let names = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
        return names.compactMap { Int($0) }.max() ?? 0
    }

    private static func collections(_ database: Database, _ now: Timestamp) throws -> [StoreInspection.Collection] {
        var all: [String: StoreInspection.Collection] = [:]
        for table in ["record", "counter"] {
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT collection, count(*), sum(expires_at <= ?) FROM \(table) GROUP BY collection",
                arguments: [now.seconds])
            for row in rows {
                let values = RecordRow(Array(row.databaseValues), of: "?", in: table)
                let name = try values.text(0, "collection")
                let count = try values.integer(1, "count")
                var size = all[name] ?? StoreInspection.Collection(name)
                if table == "record" { size.records = count } else { size.counters = count }
                size.expired += try values.integer(2, "expires_at")
                all[name] = size
            }
        }
        return Array(all.values)
    }
}
