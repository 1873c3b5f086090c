// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A role of an isolated plugin: its place in the description, and the processes that have it.
struct IsolatedRole: Sendable {
    private let place: Int
    private let processes: PluginProcesses?

    init(_ place: Int, of processes: PluginProcesses?) {
        self.place = place
        self.processes = processes
    }

    /// Calls a function of the role, and reads what it returns.
    ///
    /// - Throws: What the plugin throws; `PluginUnavailable`.
    func call<Value>(
        _ function: String, _ input: JSON, within limit: Duration? = nil, _ read: (JSON) throws -> Value
    ) async throws -> Value {
        guard let processes else { throw ConfigurationError("the plugin has no process") }
        return try await processes.call(function, role: place, input, within: limit, read)
    }
}
