// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A row of `grantor_record`, whose content is checked when it is used.
struct StoredRow {
    let key: StoreKey
    let version: Int64
    let isRedeemed: Bool
    let expiresAt: Timestamp
    /// The indexes that the row was found by, as the columns have them.
    let indexNames: [[UInt8]]
    let indexValues: [[UInt8]]
    private let value: [UInt8]

    /// Reads a row.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - answer: The answer that contains it, with its columns after one other column.
    ///   - row: The number of the row.
    /// - Throws: `Failure.broken`.
    init(_ key: StoreKey, _ answer: Answer, _ row: Int) throws(Failure) {
        // The next version must fit into a number too.
        guard let value = answer.bytes(row, 1), let version = answer.integer(row, 2), 1..<Int64.max ~= version,
            let isRedeemed = answer.bytes(row, 3).flatMap({ WireReader.boolean($0) }),
            let expiresAt = answer.integer(row, 4),
            let names = answer.bytes(row, 5).flatMap({ WireReader.byteArrays($0) }),
            let values = answer.bytes(row, 6).flatMap({ WireReader.byteArrays($0) }), names.count == values.count
        else { throw StoredRow.fault(key.collection, "a version, or indexes,") }
        (self.key, self.value, self.version, self.isRedeemed) = (key, value, version, isRedeemed)
        (self.expiresAt, indexNames, indexValues) = (Timestamp(seconds: expiresAt), names, values)
    }

    /// The record.
    ///
    /// - Throws: `Failure.broken`.
    func record() throws(Failure) -> StoreRecord {
        guard let json = try? JSON(parsing: value, depth: 64) else {
            throw StoredRow.fault(key.collection, "a value that is no JSON and")
        }
        var indexes: [String: String] = [:]
        for (name, value) in zip(indexNames, indexValues) {
            let value = try StoredRow.text(value, of: key.collection)
            indexes[try StoredRow.text(name, of: key.collection)] = value
        }
        return StoreRecord(key, json, expiresAt: expiresAt, indexes: indexes)
            .stored(version: version, isRedeemed: isRedeemed)
    }

    /// The records of an answer whose rows begin with the id.
    static func records(of collection: String, in answer: Answer) throws(Failure) -> [StoreRecord] {
        var records: [StoreRecord] = []
        for row in 0..<answer.count {
            let id = try text(answer.bytes(row, 0), of: collection)
            records.append(try StoredRow(StoreKey(collection, id), answer, row).record())
        }
        return records
    }

    /// The rows of an answer whose rows begin with the place of the key, each at its place.
    static func rows(of keys: [StoreKey], in answer: Answer) throws(Failure) -> [StoredRow?] {
        var rows = [StoredRow?](repeating: nil, count: keys.count)
        for row in 0..<answer.count {
            guard let place = answer.integer(row, 0), 1...Int64(keys.count) ~= place else {
                throw .broken("returned a row that nobody asked for")
            }
            rows[Int(place) - 1] = try StoredRow(keys[Int(place) - 1], answer, row)
        }
        return rows
    }

    private static func text(_ bytes: [UInt8]?, of collection: String) throws(Failure) -> String {
        guard let text = bytes.flatMap({ String(validating: $0, as: UTF8.self) }) else {
            throw fault(collection, "an id, or the value of an index, that is not UTF-8 and")
        }
        return text
    }

    private static func fault(_ collection: String, _ what: String) -> Failure {
        .broken(
            "has \(what) that this server never writes in a record of the collection '\(collection)': another program "
                + "has changed the table 'grantor_record', or the disk is failing; restore it from a backup")
    }
}

extension StoreKey {
    /// The parameters of a statement on the record with this key.
    var parameters: (collection: WireValue, id: WireValue) { (.utf8(collection), .utf8(id)) }

    /// Whether this key comes first in the order of the bytes.
    func precedes(_ other: StoreKey) -> Bool {
        guard collection == other.collection else {
            return collection.utf8.lexicographicallyPrecedes(other.collection.utf8)
        }
        return id.utf8.lexicographicallyPrecedes(other.id.utf8)
    }
}

extension [StoreKey] {
    /// The parameters of a statement on the records with these keys.
    var parameters: (collections: WireValue, ids: WireValue) {
        (.byteArrays(map { [UInt8]($0.collection.utf8) }), .byteArrays(map { [UInt8]($0.id.utf8) }))
    }
}
