// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit

extension OpenStore {
    /// Makes a change and records it in the event sinks that accept events from commands.
    ///
    /// - Parameters:
    ///   - events: Gets the events about the change while it is made.
    ///   - change: Makes the change; not called if a sink cannot be opened.
    /// - Returns: The result of the change.
    /// - Throws: What the change throws; `Failure` if a sink cannot be opened, or if the change was made but could not
    ///   be recorded.
    func recording<Value>(
        _ events: CommandEvents, _ change: () async throws -> Value
    ) async throws -> Value {
        let plugins = composition.plugins.map(\.registered).filter { plugin in
            plugin.registry.eventSinks.contains(where: \.takesFromCommands)
        }
        for plugin in plugins {
            do {
                try await plugin.start()
            } catch {
                throw Failure("nothing was changed, since plugin '\(plugin.id)' could not record it: \(error)")
            }
        }
        let value = try await change()
        let all = events.all
        for plugin in plugins {
            do {
                for sink in plugin.registry.eventSinks where sink.takesFromCommands && !all.isEmpty {
                    try await sink.write(all)
                }
            } catch {
                throw Failure("the change was made, but plugin '\(plugin.id)' could not record it: \(error)")
            }
            await plugin.stop()
        }
        return value
    }
}
