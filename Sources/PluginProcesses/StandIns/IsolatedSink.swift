// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a record of events that runs in a process of its own.
struct IsolatedSink: EventSink {
    /// The bytes of the events in one call, which fit into a frame; more are written by several calls.
    private static let most = Frame.largest / 2

    let isRequired: Bool
    let takesFromCommands: Bool
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of caller: (any PluginCaller)?) throws {
        isRequired = form["required"]?.bool ?? false
        takesFromCommands = form["from_commands"]?.bool ?? false
        self.role = IsolatedRole(role, of: caller)
    }

    func write(_ events: [Event]) async throws {
        for batch in events.map(\.form).filter(canBeSent).batches(ofBytes: IsolatedSink.most) {
            try await role.call("write", ["events": .array(batch)], within: .seconds(30)) { _ in }
        }
    }

    /// Whether an event fits into a message; one that does not is left out, since it would be tried again without end.
    private func canBeSent(_ event: JSON) -> Bool {
        guard event.bytes.count > IsolatedSink.most || !event.isNested(atMost: Frame.deepestInside) else { return true }
        role.log?.error(
            "an event is too large or too deep for the plugin's process, and was left out",
            ["kind": event["kind"]?.string ?? ""])
        return false
    }
}
