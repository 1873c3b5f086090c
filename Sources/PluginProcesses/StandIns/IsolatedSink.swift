// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of a record of events that runs in a process of its own.
struct IsolatedSink: EventSink {
    let isRequired: Bool
    private let role: IsolatedRole

    init(_ form: JSON, role: Int, of processes: PluginProcesses?) throws {
        isRequired = form["required"]?.bool ?? false
        self.role = IsolatedRole(role, of: processes)
    }

    func write(_ events: [Event]) async throws {
        try await role.call("write", ["events": .array(events.map(\.form))], within: .seconds(30)) { _ in }
    }
}
