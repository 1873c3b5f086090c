// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// The first line of a copy: what it is, and where it belongs.
package struct CopyHeader: Sendable {
    /// What a copy is for.
    package enum Kind: String, Sendable {
        /// Moves a store whose servers are stopped.
        case export
        /// Keeps what a store held while its servers ran.
        case backup
    }

    /// The format that this version writes.
    static let format: Int64 = 1

    package let kind: Kind
    package let issuer: String
    package let takenAt: Timestamp
    package let plugins: [String]
    package let collections: [StoreCollection]
    /// The version of the server that has written the copy.
    package let server: String

    package init(
        _ kind: Kind, of issuer: String, at moment: Timestamp, plugins: [String], collections: [StoreCollection],
        server: String
    ) {
        (self.kind, self.issuer, takenAt, self.plugins) = (kind, issuer, moment, plugins)
        (self.collections, self.server) = (collections, server)
    }

    package var json: JSON {
        [
            "grantor": .string(kind.rawValue), "format": .integer(CopyHeader.format), "server": .string(server),
            "issuer": .string(issuer), "taken_at": .integer(takenAt.seconds), "plugins": .strings(plugins),
            "collections": .array(collections.map(CopyHeader.json)),
        ]
    }

    private static func json(_ collection: StoreCollection) -> JSON {
        ["name": .string(collection.name), "durability": collection.durability == .relaxed ? "relaxed" : "durable"]
    }

    /// Reads the first line.
    ///
    /// - Throws: `CopyFault`.
    package init(_ json: JSON) throws {
        guard let format = json["format"]?.integer, json["grantor"] != nil else {
            throw CopyFault("it is not a copy of a store that 'grantor store export' or 'backup' has written")
        }
        guard format == CopyHeader.format else {
            throw CopyFault("it has format \(format), and this version reads \(CopyHeader.format); update grantor")
        }
        guard let kind = json["grantor"]?.string.flatMap(Kind.init), let issuer = json["issuer"]?.string,
            let moment = json["taken_at"]?.integer, let server = json["server"]?.string, let plugins = json["plugins"],
            plugins == .strings(plugins.strings), case .array(let collections)? = json["collections"]
        else { throw CopyFault("a member is missing or wrong") }
        try CopyLine.check(
            json, ["grantor", "format", "server", "issuer", "taken_at", "plugins", "collections"])
        (self.kind, self.issuer, self.server) = (kind, issuer, server)
        (takenAt, self.plugins) = (Timestamp(seconds: moment), plugins.strings)
        self.collections = try collections.map(CopyHeader.collection)
    }

    private static func collection(_ entry: JSON) throws -> StoreCollection {
        try CopyLine.check(entry, ["name", "durability"])
        switch (entry["name"]?.string, entry["durability"]) {
        case (let name?, "durable"): return StoreCollection(name)
        case (let name?, "relaxed"): return StoreCollection(name, durability: .relaxed)
        default: throw CopyFault("an entry of 'collections' is wrong")
        }
    }
}
