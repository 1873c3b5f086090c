// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of participants in revocations, and participants without one.
enum RevocationMutants {
    private static let everyKind = "its writes for every kind of revocation can be committed"
    private static let quiet = "it does nothing itself: what it changes is in the writes"
    private static let atOnce = "a hundred revocations at once keep all of its writes"
    private static let storeFails = "if the store fails, nothing is revoked, so that it can be repeated"

    typealias Write = @Sendable (Revocation, any PluginHost) async throws -> [StoreWrite]

    private static func plugin(_ write: @escaping Write) -> PluginUnderTest {
        ClosureParts.underTest { registry, host in
            registry.add(revocation: ClosureParticipant { try await write($0, host) })
        }
    }

    private static func id(of what: Revocation) -> String {
        switch what {
        case .token(let id): "token \(id)"
        case .grant(let id): "grant \(id)"
        case .session(let id): "session \(id)"
        @unknown default: ""
        }
    }

    /// Deletes what the plugin keeps for a revoked object.
    private static let deleting: Write = { what, host in
        let key = StoreKey("part", host.cryptography.digest(id(of: what)))
        _ = try await host.store.read(key)
        return [.delete(key)]
    }

    private static let enqueuing: Write = { what, host in
        guard case .session(let id) = what, let session = try await host.sessions.find(id) else { return [] }
        return [try await host.jobs.enqueue(Job("notify", ["user": .string(session.user.id)], limit: .seconds(60)))]
    }

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("a participant that deletes", plugin(deleting)), ("a participant with jobs", plugin(enqueuing)),
        ("a participant that does nothing", plugin { _, _ in [] }),
    ]

    static let all: [Mutant] = [
        Mutant(
            "it writes to an undeclared collection", breaks: everyKind, says: "add registry.add(collection:)",
            plugin { _, _ in [.delete(StoreKey("parts", "a"))] }),
        Mutant(
            "it writes one record twice", breaks: everyKind, says: "twice: combine the two writes",
            plugin { _, host in [.create(Faults.record("a", host)), .delete(StoreKey("part", "a"))] }),
        Mutant(
            "it fails for a kind", breaks: everyKind, says: "are left out of a revocation",
            plugin { what, _ in
                guard case .session = what else { throw Faults.OwnError() }
                return []
            }),
        Mutant(
            "all of its records have one id", breaks: everyKind, says: "give each revocation records of its own",
            plugin { _, host in [.create(Faults.record("revoked", host))] }),
        Mutant(
            "it writes itself", breaks: quiet, says: "return the write",
            plugin { what, host in
                let key = StoreKey("part", host.cryptography.digest(id(of: what)))
                _ = try await host.store.write([.delete(key)])
                return []
            }),
        Mutant(
            "it notifies others at once", breaks: quiet, says: "return a job of host.jobs.enqueue",
            plugin { _, host in
                _ = try? await host.outbound.send(OutboundRequest("POST", "https://client.example.com/"))
                return []
            }),
        Mutant(
            "it answers once", breaks: "it can be asked twice for one revocation",
            says: "keep nothing between the calls",
            ClosureParts.underTest { registry, _ in
                let tally = Faults.Tally()
                registry.add(
                    revocation: ClosureParticipant { what in
                        tally.next() == 1 ? [.delete(StoreKey("part", "a"))] : []
                    })
            }),
        Mutant(
            "it fails the second time", breaks: "it can be asked twice for one revocation", says: "asked a second time",
            ClosureParts.underTest { registry, _ in
                let tally = Faults.Tally()
                registry.add(
                    revocation: ClosureParticipant { _ in
                        guard tally.next() == 1 else { throw Faults.OwnError() }
                        return []
                    })
            }),
        Mutant(
            "it counts in one record", breaks: atOnce, says: "conflicts with what is stored",
            plugin { _, host in
                let found = try await host.store.read(StoreKey("part", "count"))
                let used = found?.value["used"]?.integer ?? 0
                let record = Faults.record("count", host, ["used": .integer(used + 1)])
                return [found.map { .replace(record, ifVersion: $0.version) } ?? .create(record)]
            }),
        Mutant(
            "an unknown session makes it fail", breaks: "ids that it does not know, and strange ones, do no harm",
            says: "return no writes",
            plugin { what, host in
                guard case .session(let id) = what else { return [] }
                guard try await host.sessions.find(id) != nil else { throw Faults.OwnError() }
                return []
            }),
        Mutant(
            "it takes a failing store for an empty one", breaks: storeFails, says: "let the StoreError through",
            plugin { _, host in
                _ = try? await host.store.read(StoreKey("part", "a"))
                return []
            }),
        Mutant(
            "it hides a failing store", breaks: storeFails, says: "is reported as",
            plugin { _, host in
                do { _ = try await host.store.read(StoreKey("part", "a")) } catch { throw Faults.OwnError() }
                return []
            }),
    ]
}
