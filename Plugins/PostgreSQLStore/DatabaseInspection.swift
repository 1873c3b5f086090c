// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Looks at the tables without creating or changing them.
enum DatabaseInspection {
    /// The number of rows up to which they are counted, and of which a sample is counted otherwise.
    private static let counted = 2_000_000.0

    /// Describes the database.
    ///
    /// - Throws: `Failure`.
    static func inspect(
        _ place: String, _ connection: Connection, at now: Timestamp
    ) throws(Failure) -> StoreInspection {
        var found = StoreInspection(
            place: place, version: 0, newestVersion: Schema.newest, size: nil, collections: [])
        guard let version = try Schema.version(connection) else { return found }
        found.version = version.version
        try connection.run("SET statement_timeout = 0")
        let size = try connection.run(
            "SELECT sum(pg_total_relation_size(name)) FROM unnest(ARRAY['grantor_record', 'grantor_index', "
                + "'grantor_counter', 'grantor_change']::regclass[]) AS name")
        found.size = size.text(0, 0).flatMap { Int64($0) }
        let records = try sizes("grantor_record", connection, now)
        let counters = try sizes("grantor_counter", connection, now)
        found.isEstimated = records.isEstimated || counters.isEstimated
        found.collections = merged(records.sizes, counters.sizes)
        return found
    }

    private struct Size {
        var (count, expired): (Int64, Int64)
    }

    private static func sizes(
        _ table: String, _ connection: Connection, _ now: Timestamp
    ) throws(Failure) -> (sizes: [String: Size], isEstimated: Bool) {
        // The number of rows that the last analysis of the table found; -1 before the first.
        let known = try connection.run("SELECT reltuples FROM pg_class WHERE oid = '\(table)'::regclass")
        let rows = known.text(0, 0).flatMap { Double($0) } ?? 0
        let share = rows > counted ? counted / rows : 1
        let sample = share < 1 ? " TABLESAMPLE SYSTEM (\(share * 100))" : ""
        let answer = try connection.run(
            "SELECT encode(collection, 'hex'), count(*), count(*) FILTER (WHERE expires_at <= \(now.seconds)) "
                + "FROM \(table)\(sample) GROUP BY collection")
        var sizes: [String: Size] = [:]
        for row in 0..<answer.count {
            guard let name = answer.text(row, 0).flatMap(text), let count = answer.text(row, 1).flatMap({ Double($0) }),
                let expired = answer.text(row, 2).flatMap({ Double($0) })
            else { throw .broken("has a collection in '\(table)' whose name is not UTF-8") }
            sizes[name] = Size(count: scaled(count, share), expired: scaled(expired, share))
        }
        return (sizes, share < 1)
    }

    private static func scaled(_ count: Double, _ share: Double) -> Int64 {
        Int64(exactly: (count / share).rounded()) ?? .max
    }

    private static func merged(_ records: [String: Size], _ counters: [String: Size]) -> [StoreInspection.Collection] {
        Set(records.keys).union(counters.keys).map { name in
            let (kept, counted) = (records[name], counters[name])
            return StoreInspection.Collection(
                name, records: kept?.count ?? 0, counters: counted?.count ?? 0,
                expired: (kept?.expired ?? 0) &+ (counted?.expired ?? 0))
        }
    }

    /// The string whose bytes hexadecimal digits name; nil if it is not UTF-8.
    private static func text(_ hex: String) -> String? {
        let digits = Array(hex.utf8)
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count - 1, by: 2) {
            guard let byte = UInt8(String(decoding: digits[place...(place + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
