// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for participants in revocations.
enum RevocationRules {
    static let all: [Rule] = [
        Rule(.revocation, "its writes for every kind of revocation can be committed", everyKind),
        Rule(.revocation, "it does nothing itself: what it changes is in the writes", quiet),
        Rule(.revocation, "it can be asked twice for one revocation", twice),
        Rule(.revocation, "a hundred revocations at once keep all of its writes", atOnce),
        Rule(.revocation, "ids that it does not know, and strange ones, do no harm", strange),
        Rule(.revocation, "if the store fails, nothing is revoked, so that it can be repeated", storeFails),
    ]

    private static let kinds: [Revocation] = [
        .session(SampleGrant.sessionID), .token("token-1"), .grant("grant-1"),
    ]

    /// A plugin with a session, whose client is there.
    private static func load(_ subject: PluginUnderTest) async throws -> TestPlugin {
        let plugin = try await subject.load()
        let sample = try await SampleGrant(plugin)
        plugin.host.clients.add(try await sample.client())
        return plugin
    }

    private static func revoke(_ what: Revocation, _ plugin: TestPlugin, _ when: String = "") async throws {
        do {
            try await plugin.revoke(what)
        } catch {
            throw ConformanceFailure("revoking \(what)\(when): \(error)")
        }
    }

    private static func everyKind(_ subject: PluginUnderTest) async throws {
        let plugin = try await load(subject)
        for what in kinds { try await revoke(what, plugin) }
        for what in kinds { try await revoke(what, plugin, " again") }
    }

    private static func quiet(_ subject: PluginUnderTest) async throws {
        let plugin = try await load(subject)
        for what in kinds {
            for participant in plugin.registry.revocationParticipants {
                _ = try await participant.writes(revoking: what)
            }
        }
        try expect(
            plugin.host.store.written.isEmpty,
            "it wrote to '\(plugin.host.store.written.first?.key?.collection ?? "")' with host.store.write: return the "
                + "write, so that it is committed with the revocation or not at all")
        try expect(
            plugin.host.network.sent.isEmpty,
            "it sent a request before the revocation was committed: return a job of host.jobs.enqueue, which sends it "
                + "later and tries again")
    }

    /// A server may ask again, if the first writes could not be committed.
    private static func twice(_ subject: PluginUnderTest) async throws {
        let plugin = try await load(subject)
        for what in kinds {
            var first: [Int] = []
            for participant in plugin.registry.revocationParticipants {
                first.append(try await participant.writes(revoking: what).count)
            }
            var second: [Int] = []
            for participant in plugin.registry.revocationParticipants {
                do {
                    second.append(try await participant.writes(revoking: what).count)
                } catch {
                    throw ConformanceFailure("asked a second time for \(what), it throws \(error)")
                }
            }
            try expect(
                first == second,
                "asked twice for \(what), it returns \(first) writes and then \(second), although nothing was "
                    + "committed: keep nothing between the calls")
            try await revoke(what, plugin, " after it was asked twice")
        }
    }

    private static func atOnce(_ subject: PluginUnderTest) async throws {
        let plugin = try await load(subject)
        let host = plugin.host
        let user = SampleGrant.user(SampleGrant.userID)
        for number in 0..<Many.count {
            host.sessions.add(
                .test(id: "session-\(number)", user: user, authenticatedAt: host.clock.now), clients: ["client-1"])
        }
        for make in [Revocation.session, Revocation.grant, Revocation.token] as [@Sendable (String) -> Revocation] {
            _ = try await Many.atOnce { number in
                try await revoke(make("id-\(number)"), plugin, ", one of many at once")
            }
        }
        _ = try await Many.atOnce { number in
            try await revoke(.session("session-\(number)"), plugin, ", one of many sessions at once")
        }
    }

    private static func strange(_ subject: PluginUnderTest) async throws {
        let plugin = try await load(subject)
        for text in HostileText.all + ["", "unknown"] {
            for what in [Revocation.session(text), .grant(text), .token(text)] {
                for participant in plugin.registry.revocationParticipants {
                    do {
                        let writes = try await participant.writes(revoking: what)
                        try plugin.host.store.check(writes, of: "a participant")
                    } catch {
                        throw ConformanceFailure("for an unknown id, it throws \(error): return no writes")
                    }
                }
            }
        }
    }

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        for what in kinds {
            try await FailingStore.during("revoking \(what)") {
                let plugin = try await load(subject)
                return Trial(plugin: plugin) { try await plugin.revoke(what) }
            }
        }
    }
}
