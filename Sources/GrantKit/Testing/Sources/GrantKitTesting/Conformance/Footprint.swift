// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Everything that requests can have changed on a test's host, for a comparison.
struct Footprint: Equatable {
    private var lines: [String] = []

    init(of plugin: TestPlugin) async throws {
        let host = plugin.host
        let collections = plugin.registry.collections.map(\.name) + [TestJobs.collection, TestTokens.collection]
        for collection in collections {
            for record in try await host.records.page(collection, after: nil, limit: 10_000) {
                lines.append("a record of the collection '\(collection)' \(record.key.id) \(record.version)")
            }
        }
        for directory in [host.clients.documents, host.users.documents] {
            for entry in try await directory.page(after: nil, limit: 10_000) {
                lines.append("a document '\(entry.id)' \(entry.version ?? "")")
            }
        }
        for consent in try await host.consents.list(user: "ann") { lines.append("a consent for \(consent.clientID)") }
    }

    /// What one has and the other does not.
    func difference(from other: Footprint) -> String {
        let changed = lines.filter { !other.lines.contains($0) } + other.lines.filter { !lines.contains($0) }
        return changed.first ?? ""
    }
}
