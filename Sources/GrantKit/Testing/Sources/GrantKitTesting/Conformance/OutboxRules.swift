// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for outboxes.
enum OutboxRules {
    static let all: [Rule] = [
        Rule(.outbox, "its events are those that are committed with a change", promised),
        Rule(.outbox, "what it adds to a change can be committed", committed),
        Rule(.outbox, "the jobs that it queues are for handlers that the plugin adds", handled),
        Rule(.outbox, "it can be asked again for one event, and the same event can happen again", again),
        Rule(.outbox, "it sends and writes nothing before the commit", changesNothing),
        Rule(.outbox, "it takes strange values in every member of an event", strange),
        Rule(.outbox, "it is asked about changes of users and clients before it starts", beforeStart),
        Rule(.outbox, "if the store fails, the change is not made, and can be made later", storeFails),
        Rule(.outbox, "of a hundred changes at once, all are committed", atOnce),
    ]

    /// The kinds of events for which a server asks the plugin, in a fixed order.
    private static func kinds(of plugin: TestPlugin) -> [Event.Kind] {
        let all = plugin.registry.outboxes.reduce(into: Set<Event.Kind>()) { $0.formUnion($1.kinds) }
        return ExampleEvents.kinds.filter { Event.Kind.promised.contains($0) && all.contains($0) }
    }

    private static func events(of plugin: TestPlugin) -> [Event] {
        kinds(of: plugin).flatMap { ExampleEvents.all(of: $0, at: plugin.host.clock.now) }
    }

    private static func promised(_ subject: PluginUnderTest) async throws {
        for outbox in try subject.registry().outboxes {
            let others = outbox.kinds.subtracting(Event.Kind.promised).map(\.rawValue).sorted()
            try expect(
                others.isEmpty,
                "it has an outbox for \(others), with which nothing is committed, so the server does not start: use an "
                    + "event sink for them")
        }
    }

    private static func committed(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            for event in events(of: plugin) { try await plugin.promise(event) }
        }
    }

    private static func handled(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            let names = plugin.registry.jobs.map(\.name)
            for event in events(of: plugin) {
                for case .create(let record) in try await plugin.writes(about: event) {
                    guard let queued = QueuedJob(record) else { continue }
                    try expect(
                        names.contains(queued.job.handler),
                        "it queues a job for the handler '\(queued.job.handler)', which the plugin does not add: "
                            + "nothing does the job; add registry.add(job:) in register")
                }
            }
        }
    }

    private static func again(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            for event in events(of: plugin) {
                // A server asks again if the change met another one.
                for _ in 0..<3 { _ = try await plugin.writes(about: event) }
                for _ in 0..<2 { try await plugin.promise(event) }
            }
        }
    }

    private static func changesNothing(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            let (sent, written) = (plugin.host.network.sent.count, plugin.host.store.written.count)
            for event in events(of: plugin) { _ = try await plugin.writes(about: event) }
            try expect(
                plugin.host.network.sent.count == sent,
                "it sends a request before the change is committed, and perhaps it never is: queue a job instead")
            try expect(
                plugin.host.store.written.count == written,
                "it writes with host.store.write before the change is committed: return the write")
        }
    }

    private static func strange(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            guard let kind = kinds(of: plugin).first else { return }
            for text in HostileText.all + [""] {
                for event in ExampleEvents.all(of: kind, with: text, at: plugin.host.clock.now) {
                    try await plugin.promise(event)
                }
            }
        }
    }

    /// Commands change clients and users in a process in which plugins do not start.
    private static func beforeStart(_ subject: PluginUnderTest) async throws {
        let plugin = try await subject.prepared(on: try await subject.host())
        for kind in [Event.Kind.userChanged, .clientChanged] {
            let before = plugin.host.store.calls
            for event in ExampleEvents.all(of: kind, at: plugin.host.clock.now) {
                _ = try await plugin.writes(about: event)
            }
            try expect(
                plugin.host.store.calls == before,
                "it uses host.store for '\(kind.rawValue)', which a command cannot lend: use only jobs, the time, "
                    + "random bytes and digests of the host for this event")
        }
    }

    // MARK: failures, and many

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        for event in try await subject.run({ events(of: $0) }) {
            let calls = try await subject.run { plugin in
                let before = plugin.host.store.calls
                _ = try await plugin.writes(about: event)
                return plugin.host.store.calls - before
            }
            for skipped in 0..<calls {
                try await subject.run { plugin in try await expectError(plugin, event, after: skipped) }
            }
        }
    }

    private static func expectError(_ plugin: TestPlugin, _ event: Event, after skipped: Int) async throws {
        plugin.host.store.fail(after: skipped, count: 1)
        do {
            _ = try await plugin.writes(about: event)
            throw ConformanceFailure(
                "its call \(skipped + 1) of the store failed for '\(event.kind.rawValue)', and it returned nevertheless, "
                    + "so the change would be made without what it adds: let the StoreError through")
        } catch is StoreError {
        }
        plugin.host.store.recover()
        try await plugin.promise(event)
    }

    private static func atOnce(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            guard let kind = kinds(of: plugin).first else { return }
            _ = try await Many.atOnce { _ in try await plugin.promise(ExampleEvents.full(kind)) }
        }
    }
}
