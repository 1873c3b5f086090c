// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A record during a transaction: as it was read, and as the writes of the transaction leave it.
struct HeldRecord {
    private enum Content {
        case asRead
        case redeemed
        case written(StoreRecord)
        case gone
    }

    let key: StoreKey
    private let row: StoredRow?
    private var content = Content.asRead

    init(_ key: StoreKey, _ row: StoredRow?) {
        (self.key, self.row) = (key, row)
    }

    /// The version; nil if there is no record.
    private var version: Int64? {
        switch content {
        case .asRead: row?.version
        case .redeemed: row.map { $0.version + 1 }
        case .written(let record): record.version
        case .gone: nil
        }
    }

    private var isRedeemed: Bool? {
        switch content {
        case .asRead: row?.isRedeemed
        case .redeemed: true
        case .written(let record): record.isRedeemed
        case .gone: nil
        }
    }

    /// The record; nil if there is none.
    ///
    /// - Throws: `Failure.broken`.
    func record() throws(Failure) -> StoreRecord? {
        switch content {
        case .asRead: try row?.record()
        case .redeemed: try row?.record().stored(version: version ?? 1, isRedeemed: true)
        case .written(let record): record
        case .gone: nil
        }
    }

    /// Whether the condition of a write holds.
    ///
    /// - Throws: `Failure.broken` for a kind of write that did not exist when this was built.
    func allows(_ write: StoreWrite) throws(Failure) -> Bool {
        switch write {
        case .create, .absent: version == nil
        case .replace(_, let expected): version == expected
        case .redeem: isRedeemed == false
        case .delete: true
        @unknown default: throw .broken("does not know this kind of write; the plugin was built with an older kit")
        }
    }

    /// Applies a write whose condition holds.
    mutating func apply(_ write: StoreWrite) {
        switch write {
        case .create(let record): content = .written(record.stored(version: 1, isRedeemed: false))
        case .replace(let record, let version):
            content = .written(record.stored(version: version + 1, isRedeemed: isRedeemed ?? false))
        case .redeem:
            if case .written(let record) = content {
                content = .written(record.stored(version: record.version + 1, isRedeemed: true))
            } else {
                content = .redeemed
            }
        case .delete: content = .gone
        default: break
        }
    }

    /// The statements that write what has changed.
    var calls: [Call] {
        let key = key.parameters
        switch (row, content) {
        case (_, .asRead), (nil, .redeemed), (nil, .gone): return []
        case (let row?, .redeemed): return [Statement.redeem(key.collection, key.id, .integer(row.version + 1))]
        case (let row?, .gone):
            return indexes(Statement.removeIndexes, row.indexNames, row.indexValues)
                + [Statement.delete(key.collection, key.id)]
        case (let row, .written(let record)): return calls(writing: record, over: row)
        }
    }

    private func calls(writing record: StoreRecord, over row: StoredRow?) -> [Call] {
        let ordered = record.indexes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let (names, values) = (ordered.map { Array($0.key.utf8) }, ordered.map { Array($0.value.utf8) })
        let statement = row == nil ? Statement.insert : Statement.replace
        let key = key.parameters
        let write = statement(
            key.collection, key.id, .bytes(record.value.bytes), .integer(record.version), .boolean(record.isRedeemed),
            .integer(record.expiresAt.seconds), .byteArrays(names), .byteArrays(values))
        guard row?.indexNames != names || row?.indexValues != values else { return [write] }
        return [write] + indexes(Statement.removeIndexes, row?.indexNames ?? [], row?.indexValues ?? [])
            + indexes(Statement.addIndexes, names, values)
    }

    private func indexes(_ statement: Statement, _ names: [[UInt8]], _ values: [[UInt8]]) -> [Call] {
        guard !names.isEmpty else { return [] }
        return [statement(key.parameters.collection, key.parameters.id, .byteArrays(names), .byteArrays(values))]
    }
}
