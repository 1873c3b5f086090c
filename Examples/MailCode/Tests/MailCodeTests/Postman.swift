// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

/// Runs the jobs of a plugin as the server does, each until it succeeds or its time is over.
final class Postman {
    let plugin: TestPlugin
    private var done: [JSON] = []

    init(_ plugin: TestPlugin) {
        self.plugin = plugin
    }

    func deliver() async throws {
        let handler = try #require(plugin.registry.jobs.first)
        let now = plugin.host.clock.now
        for job in try await plugin.host.jobs.queued() where !done.contains(job.payload) {
            guard (job.notBefore ?? now) + job.limit > now else { continue }
            do {
                try await handler.run(job.payload)
                done.append(job.payload)
            } catch is OutboundError {
                // It is tried again.
            }
        }
    }

    /// All mails that were sent.
    func mails() throws -> [JSON] {
        try plugin.host.network.sent.map { try JSON(parsing: $0.body) }
    }

    /// Delivers the mails, and reads the code in the last one.
    func code() async throws -> String {
        try await deliver()
        let text = try #require(try mails().last?["text"]?.string)
        return try #require(text.firstMatch(of: #/[0-9]{6}/#).map { String($0.output) })
    }
}
