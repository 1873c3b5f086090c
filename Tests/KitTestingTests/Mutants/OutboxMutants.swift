// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of outboxes, and outboxes without one.
enum OutboxMutants {
    private static let committed = "what it adds to a change can be committed"
    private static let nothing = "it sends and writes nothing before the commit"

    private static func outbox(
        _ kinds: Set<Event.Kind> = Event.Kind.promised,
        _ make: @escaping @Sendable (Event, any PluginHost) async throws -> [StoreWrite]
    ) -> PluginUnderTest {
        ClosurePlugin.underTest { plugin, _, host in
            plugin.add = { registry in
                registry.add(collection: ClosurePlugin.collection)
                registry.add(job: ClosureJob { _ in })
                registry.add(outbox: ClosureOutbox(kinds: kinds) { try await make($0, host) })
            }
        }
    }

    private static func create(_ id: String, _ host: any PluginHost) -> StoreWrite {
        .create(StoreRecord(ClosurePlugin.collection.key(id), [:], expiresAt: host.now + .seconds(60)))
    }

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("for no events", outbox([]) { _, _ in [] }),
        (
            "queues a job",
            outbox { event, host in
                [try await host.jobs.enqueue(Job("chore", ["of": .string(event.kind.rawValue)], limit: .seconds(60)))]
            }
        ),
        ("keeps a record", outbox { _, host in [ClosurePlugin.creation(host)] }),
        (
            "reads the store before sessions end",
            outbox([.sessionEnded]) { _, host in
                _ = try await host.store.read(ClosurePlugin.collection.key("a"))
                return [ClosurePlugin.creation(host)]
            }
        ),
    ]

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "it is for events without a commit", breaks: "its events are those that are committed with a change",
            says: "use an event sink for them", outbox([.issued]) { _, _ in [] }),
        Mutant(
            "it writes to an undeclared collection", breaks: committed, says: "add registry.add(collection:)",
            outbox { _, host in
                [.create(StoreRecord(StoreKey("closures", "a"), [:], expiresAt: host.now + .seconds(60)))]
            }),
        Mutant(
            "it deletes a record", breaks: committed, says: "a write that creates nothing",
            outbox { _, _ in [.delete(ClosurePlugin.collection.key("a"))] }),
        Mutant(
            "it throws an error of its own", breaks: committed, says: "throw only a StoreError",
            outbox { _, _ in throw Faults.OwnError() }),
        Mutant(
            "it queues a job that nobody does",
            breaks: "the jobs that it queues are for handlers that the plugin adds",
            says: "which the plugin does not add",
            outbox { _, host in [try await host.jobs.enqueue(Job("chores", [:], limit: .seconds(60)))] }),
        Mutant(
            "its key is the kind of event",
            breaks: "it can be asked again for one event, and the same event can happen again", says: "use a new key",
            outbox { event, host in [create(event.kind.rawValue, host)] }),
        Mutant(
            "it sends at once", breaks: nothing, says: "queue a job instead",
            outbox { _, host in
                _ = try? await host.outbound.send(OutboundRequest("POST", "https://receiver.example"))
                return []
            }),
        Mutant(
            "it writes to the store itself", breaks: nothing, says: "return the write",
            outbox { _, host in
                _ = try await host.store.write([ClosurePlugin.creation(host)])
                return []
            }),
        Mutant(
            "it takes only ASCII", breaks: "it takes strange values in every member of an event",
            says: "throw only a StoreError",
            outbox { event, _ in
                guard event.sessionID?.utf8.allSatisfy({ $0 < 0x80 }) ?? true else { throw Faults.OwnError() }
                return []
            }),
        Mutant(
            "it reads the store for each event",
            breaks: "it is asked about changes of users and clients before it starts",
            says: "which a command cannot lend",
            outbox { _, host in
                _ = try await host.store.read(ClosurePlugin.collection.key("a"))
                return []
            }),
        Mutant(
            "it takes a failure of the store for an empty store",
            breaks: "if the store fails, the change is not made, and can be made later",
            says: "let the StoreError through",
            outbox([.sessionEnded]) { _, host in
                _ = try? await host.store.read(ClosurePlugin.collection.key("a"))
                return []
            }),
        Mutant(
            "two at once get one number", breaks: "of a hundred changes at once, all are committed",
            says: "use a new key", numbered),
    ]

    private static var numbered: PluginUnderTest {
        let number = Kept(0)
        return outbox { _, host in
            let next = number.value + 1
            await Race.meet()
            number.change { $0 = next }
            return [create("\(next)", host)]
        }
    }
}
