// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The rules for event sinks.
enum EventSinkRules {
    static let all: [Rule] = [
        Rule(.eventSink, "it takes no event, one, and a thousand", counts),
        Rule(.eventSink, "it takes events of every kind, at any time, and with strange values", strange),
        Rule(.eventSink, "it takes events that it was given before", again),
        Rule(.eventSink, "it keeps the order of events", order),
        Rule(.eventSink, "if another server fails, it throws, so that events wait, and takes them later", networkFails),
        Rule(.eventSink, "if the store fails, it throws, so that events wait, and takes them later", storeFails),
        Rule(.eventSink, "after a cancelled write, it takes events", cancelled),
        Rule(.eventSink, "if it takes events from commands, two processes can write at once", twoProcesses),
    ]

    /// Events of several kinds, the client of each of which has a number.
    private static func events(_ count: Int, of plugin: TestPlugin, mark: String = "client") -> [Event] {
        (0..<count).map { number in
            var event = ExampleEvents.full(ExampleEvents.kinds[number % ExampleEvents.kinds.count])
            event.time = plugin.host.clock.now
            event.client = name(number, mark)
            return event
        }
    }

    /// A name that is no part of another one.
    private static func name(_ number: Int, _ mark: String) -> String { "\(mark)-\(100_000 + number)" }

    private static func take(_ events: [Event], _ plugin: TestPlugin, _ what: String) async throws {
        do {
            try await plugin.record(events)
        } catch {
            throw ConformanceFailure(
                "it does not take \(what): \(error). A server gives it the same events again, and none after them, until "
                    + "it takes them")
        }
    }

    private static func counts(_ subject: PluginUnderTest) async throws {
        for count in [0, 1, 1000] {
            try await subject.run { plugin in
                if count == 0 {
                    for sink in plugin.registry.eventSinks { try await sink.write([]) }
                } else {
                    try await take(events(count, of: plugin), plugin, "\(count) events")
                }
            }
        }
    }

    private static func strange(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            for kind in ExampleEvents.kinds {
                for seconds in [Int64.min, -1, 0, plugin.host.clock.now.seconds, 253_402_300_800, .max] {
                    let events = ExampleEvents.all(of: kind, at: Timestamp(seconds: seconds))
                    try await take(events, plugin, "'\(kind.rawValue)' at \(seconds) seconds")
                }
            }
            for text in HostileText.all + [""] {
                for kind in [Event.Kind.refused, .issued] {
                    let events = ExampleEvents.all(of: kind, with: text, at: plugin.host.clock.now)
                    try await take(events, plugin, "an event with strange values")
                }
            }
        }
    }

    /// A server gives events again if it does not know whether they were written.
    private static func again(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            let events = events(3, of: plugin)
            for number in 1...3 { try await take(events, plugin, "events that it is given \(number) times") }
        }
    }

    private static func order(_ subject: PluginUnderTest) async throws {
        let folder = try ScratchFolders.current.make()
        try await subject.run(folder: folder) { plugin in
            let events = events(60, of: plugin)
            for start in stride(from: 0, to: 60, by: 20) {
                try await take(Array(events[start..<(start + 20)]), plugin, "20 events")
            }
            for found in Traces(of: plugin, in: folder).marks(events.compactMap(\.client)) {
                try expect(
                    found.elementsEqual(found.sorted()) { $0 == $1 },
                    "it writes '\(found.first ?? "")' before events that happened earlier: write them in the order in "
                        + "which they are given")
            }
        }
    }

    // MARK: failures

    /// Counts the requests that fail within one call of a sink.
    ///
    /// A sink that accepts events into a queue of its own sends them later, which is not a part of the call.
    private final class Failures: Sendable {
        @TaskLocal static var current: Failures?

        private let state = Mutex(0)

        var count: Int { state.withLock { $0 } }
        func add() { state.withLock { $0 += 1 } }
    }

    private static func networkFails(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            let good = plugin.host.network.answer
            plugin.host.network.respond { _ in
                Failures.current?.add()
                throw OutboundError("this test lets requests fail")
            }
            let failures = Failures()
            let isTaken = await Failures.$current.withValue(failures) { await takes(plugin) }
            try expect(
                !isTaken || failures.count == 0,
                "a request for its events failed, and it returned nevertheless, so the events are lost: throw the error, "
                    + "and the server gives it the same events again")
            guard let good, failures.count > 0 else { return }
            plugin.host.network.respond(good)
            try await take(events(2, of: plugin), plugin, "events after another server failed")
        }
    }

    private static func takes(_ plugin: TestPlugin) async -> Bool {
        do {
            try await plugin.record(events(2, of: plugin))
            return true
        } catch {
            return false
        }
    }

    private static func storeFails(_ subject: PluginUnderTest) async throws {
        let calls = try await subject.run { plugin in
            let before = plugin.host.store.calls
            _ = await takes(plugin)
            return plugin.host.store.calls - before
        }
        for skipped in 0..<calls {
            try await subject.run { plugin in
                plugin.host.store.fail(after: skipped, count: 1)
                let isTaken = await takes(plugin)
                try expect(
                    !isTaken,
                    "its call \(skipped + 1) of the store failed, and it returned nevertheless, so the events are lost: "
                        + "let the error through, and the server gives it the same events again")
                plugin.host.store.recover()
                try await take(events(2, of: plugin), plugin, "events after the store failed")
            }
        }
    }

    private static func cancelled(_ subject: PluginUnderTest) async throws {
        try await subject.run { plugin in
            guard await takes(plugin) else { return }
            _ = await CancelledTask.result { await takes(plugin) }
            try await take(events(2, of: plugin), plugin, "events after a write that was cancelled")
        }
    }

    // MARK: commands

    private static func twoProcesses(_ subject: PluginUnderTest) async throws {
        guard try subject.registry().eventSinks.contains(where: { $0.takesFromCommands }) else { return }
        let (host, folder) = (try await subject.host(), try ScratchFolders.current.make())
        let pair = [
            try await subject.prepared(on: host, folder: folder), try await subject.prepared(on: host, folder: folder),
        ]
        for plugin in pair { try await plugin.plugin.start() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, plugin) in pair.enumerated() { group.addTask { try await writeMany(plugin, "p\(number)") } }
            try await group.waitForAll()
        }
        for plugin in pair { await plugin.plugin.stop() }
        let marks = ["p0", "p1"].flatMap { mark in (0..<50).map { name($0, mark) } }
        for found in Traces(of: pair[0], in: folder).marks(marks) where !found.isEmpty {
            try expect(
                found.count == marks.count,
                "two processes wrote \(marks.count) events at once, and \(marks.count - found.count) of them are lost: "
                    + "append to the file, and lock it meanwhile")
        }
    }

    private static func writeMany(_ plugin: TestPlugin, _ mark: String) async throws {
        for event in events(50, of: plugin, mark: mark) {
            try await take([event], plugin, "an event while another process writes")
        }
    }
}
