// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import GrantKit
import ServerConfiguration

struct StoreStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows which store there is, and what is in it.",
        discussion: """
            Changes nothing and migrates nothing. Expired records are removed by the server, so some are normal. In \
            very large tables of PostgreSQL, a sample is counted, and the numbers are marked as estimates.
            """)

    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var option: ConfigurationOption

    func run() async throws {
        let configured = try await ConfiguredStore.read(option)
        let id = configured.plugin.entry.id
        if let found = try await configured.inspect() { return show(id, found) }
        // A store that cannot be inspected is opened and read.
        let found = try await OpenStore.with(option, isWhole: false) { open in try await StoreStatus.count(open) }
        show(id, found)
    }

    private static func count(_ open: OpenStore) async throws -> StoreInspection {
        var all = StoreInspection(place: "", version: 0, newestVersion: 0, size: nil, collections: [])
        let reading = try await StoreReading(open.store, open.collections)
        var sizes: [String: StoreInspection.Collection] = [:]
        let now = SystemEnvironment().now
        while case let items = try await reading.next(), !items.isEmpty {
            for case .record(let record) in items {
                var size = sizes[record.key.collection] ?? .init(record.key.collection)
                size.records += 1
                if record.expiresAt <= now { size.expired += 1 }
                sizes[record.key.collection] = size
            }
        }
        await reading.close()
        all.collections = Array(sizes.values)
        return all
    }

    private func show(_ id: String, _ found: StoreInspection) {
        var found = found
        found.collections.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        StandardOutput.print(json ? found.json(id).terminalText : found.lines(id))
    }
}

extension StoreInspection {
    fileprivate var isWaiting: Bool { version != newestVersion }

    fileprivate func json(_ id: String) -> JSON {
        var json: JSON = ["store": .string(id)]
        if !place.isEmpty { json["place"] = .string(place) }
        if newestVersion > 0 {
            json["version"] = .integer(Int64(version))
            json["newest_version"] = .integer(Int64(newestVersion))
            json["migration_waits"] = .bool(isWaiting)
        }
        json["bytes"] = size.map(JSON.integer)
        json["estimated"] = .bool(isEstimated)
        json["collections"] = .array(
            collections.map { entry in
                [
                    "name": .string(entry.name), "records": .integer(entry.records),
                    "counters": .integer(entry.counters), "live": .integer(entry.live),
                    "expired": .integer(entry.expired),
                ]
            })
        return json
    }

    fileprivate func lines(_ id: String) -> String {
        var facts = [["store", id]]
        if !place.isEmpty { facts.append(["place", place]) }
        if newestVersion > 0 { facts.append(["version", versionText]) }
        if let size { facts.append(["size", "\(size) bytes"]) }
        if isEstimated { facts.append(["numbers", "estimates, from a sample"]) }
        let sizes = collections.map { entry in
            [entry.name, "\(entry.records)", "\(entry.counters)", "\(entry.live)", "\(entry.expired)"]
        }
        let table = [["COLLECTION", "RECORDS", "COUNTERS", "LIVE", "EXPIRED"]] + sizes
        return Table.render(facts) + "\n\n" + (sizes.isEmpty ? "  nothing is stored yet" : Table.render(table))
    }

    private var versionText: String {
        if version == 0 { return "none yet; the first start creates the tables" }
        if version > newestVersion { return "\(version), newer than this version of the plugin (\(newestVersion))" }
        guard isWaiting else { return "\(version)" }
        return "\(version), and a migration to \(newestVersion) waits for 'grantor store migrate'"
    }
}

extension StoreInspection.Collection {
    fileprivate var live: Int64 { records &+ counters &- expired }
}
