// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// An entry of a store as a line of JSON.
package enum CopyLine {
    /// The longest line in bytes.
    package static let longest = 16 << 20
    /// Values may be nested as deeply as stores read them, 64 levels, and are one level down in a line.
    package static let depth = 65
    private static let longestName = 255
    /// The next number must fit into 64 bits too.
    private static let numbers = 1..<Int64.max - 1

    /// The line of an item, without the end of the line.
    ///
    /// - Throws: `CopyFault` if the line could not be read again, since the store breaks its contract.
    package static func json(_ item: StoreItem) throws -> JSON {
        switch item {
        case .record(let record):
            guard numbers ~= record.version else {
                let name = record.key.collection
                throw CopyFault("the store returned a record of '\(name)' with version \(record.version)")
            }
            var line: JSON = [
                "collection": .string(record.key.collection), "id": .string(record.key.id), "value": record.value,
                "version": .integer(record.version), "expires_at": .integer(record.expiresAt.seconds),
            ]
            if record.isRedeemed { line["redeemed"] = true }
            let indexes = record.indexes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            if !indexes.isEmpty {
                line["indexes"] = .object(indexes.map { JSON.Member($0.key, .string($0.value)) })
            }
            return line
        case .counter(let counter):
            guard numbers ~= counter.count else {
                throw CopyFault("the store returned the count \(counter.count) from '\(counter.key.collection)'")
            }
            return [
                "collection": .string(counter.key.collection), "id": .string(counter.key.id),
                "count": .integer(counter.count), "expires_at": .integer(counter.expiresAt.seconds),
            ]
        @unknown default: throw CopyFault("the store returned an entry of a kind that this version does not know")
        }
    }

    /// Reads a line.
    ///
    /// - Throws: `CopyFault` if it is not exactly what this version writes.
    package static func item(_ line: JSON) throws -> StoreItem {
        guard let collection = line["collection"]?.string, 1...longestName ~= collection.utf8.count,
            let id = line["id"]?.string, let end = line["expires_at"]?.integer
        else { throw CopyFault("it is not a record: 'collection', 'id' or 'expires_at' is missing") }
        let (key, expiresAt) = (StoreKey(collection, id), Timestamp(seconds: end))
        if line["count"] != nil { return .counter(try counter(line, key, expiresAt)) }
        try check(line, ["collection", "id", "value", "version", "expires_at", "redeemed", "indexes"])
        guard let value = line["value"], let version = line["version"]?.integer, numbers ~= version else {
            throw CopyFault("its 'value' or 'version' is missing or wrong")
        }
        let isRedeemed = line["redeemed"] ?? false
        guard let isRedeemed = isRedeemed.bool else { throw CopyFault("its 'redeemed' is neither true nor false") }
        let record = StoreRecord(key, value, expiresAt: expiresAt, indexes: try indexes(line["indexes"]))
        return .record(record.stored(version: version, isRedeemed: isRedeemed))
    }

    private static func counter(_ line: JSON, _ key: StoreKey, _ expiresAt: Timestamp) throws -> StoreCounter {
        try check(line, ["collection", "id", "count", "expires_at"])
        guard let count = line["count"]?.integer, numbers ~= count else {
            throw CopyFault("its 'count' is wrong")
        }
        return StoreCounter(key, count: count, expiresAt: expiresAt)
    }

    private static func indexes(_ json: JSON?) throws -> [String: String] {
        guard let json else { return [:] }
        guard case .object(let members) = json else { throw CopyFault("its 'indexes' is not an object") }
        var indexes: [String: String] = [:]
        for member in members {
            guard let value = member.value.string else { throw CopyFault("an entry of its 'indexes' is not a string") }
            indexes[member.name] = value
        }
        return indexes
    }

    /// Refuses members that are not known.
    ///
    /// - Throws: `CopyFault`.
    package static func check(_ line: JSON, _ known: [String]) throws {
        for member in line.members where !known.contains(where: { $0 == member.name }) {
            throw CopyFault("it has a member that this version does not know; a newer version may have written it")
        }
    }
}
