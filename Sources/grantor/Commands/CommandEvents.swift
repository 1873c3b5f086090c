// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit

extension OpenStore {
    /// Makes a change and has it written down by the sinks that commands can write to.
    ///
    /// - Parameters:
    ///   - event: What happens; the time and who runs the command are added.
    ///   - change: Makes the change; not even begun if a sink cannot be opened.
    /// - Returns: What the change gives.
    /// - Throws: What the change throws; `Failure` if it was made and could not be written down.
    func recording<Value>(
        _ event: Event, _ change: () async throws -> Value
    ) async throws -> Value {
        let plugins = composition.plugins.map(\.registered).filter { plugin in
            plugin.registry.eventSinks.contains(where: \.takesFromCommands)
        }
        for plugin in plugins {
            do {
                try await plugin.start()
            } catch {
                throw Failure("nothing was changed, since it could not be written down by '\(plugin.id)': \(error)")
            }
        }
        let value = try await change()
        var event = event
        event.time = SystemEnvironment().now
        // Who runs a command is known to the machine, not to the server.
        event.details["by"] = ["command": "grantor", "uid": .integer(Int64(getuid()))]
        for plugin in plugins {
            do {
                for sink in plugin.registry.eventSinks where sink.takesFromCommands { try await sink.write([event]) }
            } catch {
                throw Failure("the change was made, but could not be written down by '\(plugin.id)': \(error)")
            }
            await plugin.stop()
        }
        return value
    }
}
