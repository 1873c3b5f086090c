// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// A plugin that keeps events for a test, and fails for as long as the test wants.
public struct RecordingSink: Plugin, EventSink {
    public static let manifest = PluginManifest(id: "recording-sink", summary: "", specification: "")

    /// The records that a test shares with the plugin, by the name in its settings.
    public final class Records: Sendable {
        private let state = Mutex<(events: [Event], isFailing: Bool)>(([], false))

        public init() {}

        public var events: [Event] { state.withLock { $0.events } }
        public func fail(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }

        func write(_ events: [Event]) throws {
            try state.withLock { state in
                guard !state.isFailing else { throw StoreError("this sink is to fail") }
                state.events += events
            }
        }

        /// Waits for a matching event and returns all events; they are written a moment after they occur.
        public func wait(for isLast: @Sendable (Event) -> Bool) async throws -> [Event] {
            try await Patience.wait { events.contains(where: isLast) }
            return events
        }
    }

    private static let all = Mutex<[String: Records]>([:])

    /// The plugin, and the records that it writes to.
    public static func make(required: Bool = false) -> (setup: PluginSetup, records: Records) {
        let records = Records()
        let name = "sink-\(ObjectIdentifier(records).hashValue)"
        all.withLock { $0[name] = records }
        return (PluginSetup(RecordingSink.self, ["name": .string(name), "required": .bool(required)]), records)
    }

    public let isRequired: Bool
    private let records: Records

    public init(settings: Settings, host: any PluginHost) throws {
        let name = try settings.read("name", example: "sink", "which records are meant")
        isRequired = settings.read("required", default: false, "whether requests wait for it")
        guard let records = Self.all.withLock({ $0[name] }) else { throw ConfigurationError("no records") }
        self.records = records
    }

    public func register(in registry: inout Registry) {
        registry.add(eventSink: self)
    }

    public func write(_ events: [Event]) async throws {
        try records.write(events)
    }
}
