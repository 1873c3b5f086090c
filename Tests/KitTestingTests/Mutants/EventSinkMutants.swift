// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
@_spi(Host) import GrantKitTesting

/// Faults of event sinks, and sinks without one.
enum EventSinkMutants {
    private static let counts = "it takes no event, one, and a thousand"
    private static let networkFails = "if another server fails, it throws, so that events wait, and takes them later"
    private static let storeFails = "if the store fails, it throws, so that events wait, and takes them later"

    private static func sink(
        fromCommands: Bool = false, _ make: @escaping @Sendable (any PluginHost) -> ClosureSink.Take
    ) -> PluginUnderTest {
        ClosurePlugin.underTest { plugin, _, host in
            let sink = ClosureSink(takesFromCommands: fromCommands, take: make(host))
            plugin.add = { registry in
                registry.add(collection: ClosurePlugin.collection)
                registry.add(eventSink: sink)
            }
        }
        .on { $0.network.respond { _ in OutboundReply(status: 200) } }
    }

    private static func send(_ event: Event, _ host: any PluginHost) async throws {
        let body = Array("\(event.kind.rawValue) \(event.client ?? "")".utf8)
        let reply = try await host.outbound.send(OutboundRequest("POST", "https://receiver.example", body: body))
        guard reply.status == 200 else { throw OutboundError("the status is \(reply.status)") }
    }

    // MARK: without a fault

    static let sound: [(name: String, plugin: PluginUnderTest)] = [
        ("drops everything", sink { _ in { _ in } }),
        ("sends", sink { host in { events in for event in events { try await send(event, host) } } }),
        (
            "writes",
            sink(fromCommands: true) { host in
                { events in _ = try await host.store.write(events.map { _ in ClosurePlugin.creation(host) }) }
            }
        ),
        (
            "appends to a file",
            file { line, path in
                let known = FileManager.default.contents(atPath: path) ?? Data()
                _ = FileManager.default.createFile(atPath: path, contents: known + line)
            }
        ),
    ]

    /// One lock for all instances, as a lock of a file is.
    private static let files = Kept(0)

    /// A sink that commands use too, with a file.
    private static func file(_ add: @escaping @Sendable (Data, String) -> Void) -> PluginUnderTest {
        PluginUnderTest(ClosurePlugin.manifest, in: { ["path": .string("\($0)/events")] }) { settings, _ in
            let path = try settings.read("path", example: "/tmp/events", "where the events are")
            var plugin = ClosurePlugin()
            let sink = ClosureSink(takesFromCommands: true) { events in
                let lines = Data(events.map { "\($0.client ?? "")\n" }.joined().utf8)
                files.change { _ in add(lines, path) }
            }
            plugin.add = { $0.add(eventSink: sink) }
            return plugin
        }
    }

    // MARK: with one

    static let all: [Mutant] = [
        Mutant(
            "it expects at least one event", breaks: counts, says: "OwnError",
            sink { _ in { events in guard !events.isEmpty else { throw Faults.OwnError() } } }),
        Mutant(
            "it takes a hundred events at most", breaks: counts, says: "it does not take 1000 events",
            sink { _ in { events in guard events.count <= 100 else { throw Faults.OwnError() } } }),
        Mutant(
            "it takes only ASCII", breaks: "it takes events of every kind, at any time, and with strange values",
            says: "does not take an event with strange values",
            sink { _ in
                { events in
                    guard events.allSatisfy({ ($0.client ?? "").utf8.allSatisfy { $0 < 0x80 } }) else {
                        throw Faults.OwnError()
                    }
                }
            }),
        Mutant(
            "it takes no event twice", breaks: "it takes events that it was given before", says: "given 2 times", once),
        Mutant(
            "it writes the last event first", breaks: "it keeps the order of events",
            says: "before events that happened earlier",
            sink { host in { events in for event in events.reversed() { try await send(event, host) } } }),
        Mutant(
            "it loses what another server does not take", breaks: networkFails, says: "so the events are lost",
            sink { host in { events in for event in events { try? await send(event, host) } } }),
        Mutant(
            "it loses what the store does not take", breaks: storeFails, says: "so the events are lost",
            sink { host in { _ in _ = try? await host.store.write([ClosurePlugin.creation(host)]) } }),
        Mutant(
            "it never recovers from a cancelled write", breaks: "after a cancelled write, it takes events",
            says: "after a write that was cancelled", poisoned),
        Mutant(
            "it writes the whole file each time",
            breaks: "if it takes events from commands, two processes can write at once", says: "of them are lost",
            overwriting),
    ]

    private static var once: PluginUnderTest {
        sink { _ in
            let seen = Kept<[String]>([])
            return { events in
                let names = events.compactMap(\.client)
                guard !names.contains(where: { seen.value.contains($0) }) else { throw Faults.OwnError() }
                seen.change { $0 += names }
            }
        }
    }

    private static var poisoned: PluginUnderTest {
        sink { _ in
            let isPoisoned = Kept(false)
            return { _ in
                if Task.isCancelled { isPoisoned.change { $0 = true } }
                if isPoisoned.value { throw Faults.OwnError() }
            }
        }
    }

    private static var overwriting: PluginUnderTest {
        PluginUnderTest(ClosurePlugin.manifest, in: { ["path": .string("\($0)/events")] }) { settings, _ in
            let path = try settings.read("path", example: "/tmp/events", "where the events are")
            let all = Kept(Data())
            var plugin = ClosurePlugin()
            let sink = ClosureSink(takesFromCommands: true) { events in
                all.change { $0 += Data(events.map { "\($0.client ?? "")\n" }.joined().utf8) }
                _ = FileManager.default.createFile(atPath: path, contents: all.value)
            }
            plugin.add = { $0.add(eventSink: sink) }
            return plugin
        }
    }
}
