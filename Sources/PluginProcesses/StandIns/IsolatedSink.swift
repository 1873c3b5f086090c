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
        var (batch, bytes): ([JSON], Int) = ([], 0)
        for form in events.map(\.form) {
            let size = form.bytes.count
            if bytes + size > IsolatedSink.most, !batch.isEmpty {
                try await write(batch)
                (batch, bytes) = ([], 0)
            }
            batch.append(form)
            bytes += size
        }
        if !batch.isEmpty { try await write(batch) }
    }

    private func write(_ batch: [JSON]) async throws {
        try await role.call("write", ["events": .array(batch)], within: .seconds(30)) { _ in }
    }
}
