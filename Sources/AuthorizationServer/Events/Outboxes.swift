// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit
package import Logging

/// The outboxes of the loaded plugins.
package struct Outboxes: Sendable {
    private let all: [Owned<any EventOutbox>]

    init(_ plugins: [RegisteredPlugin]) {
        all = plugins.owned(\.outboxes)
    }

    package var isEmpty: Bool { all.isEmpty }

    /// Asks the outboxes what to commit together with the change that some events are about.
    ///
    /// - Parameters:
    ///   - events: The events, complete with their time.
    ///   - logger: Gets the mistakes of plugins.
    /// - Returns: The events with the writes.
    /// - Throws: `StoreError`, `CancellationError`.
    package func promise(_ events: [Event], _ logger: Logger) async throws -> PromisedEvents {
        var added: [AddedWrites] = []
        for event in events {
            for outbox in all where outbox.role.kinds.contains(event.kind) {
                let writes = try await writes(of: outbox, for: event, logger)
                if !writes.isEmpty { added.append(AddedWrites(plugin: outbox.plugin, writes: writes)) }
            }
        }
        return PromisedEvents(events, added: added, logger: logger)
    }

    /// The writes of one outbox; none after a mistake of its plugin, which must not prevent the change.
    private func writes(
        of outbox: Owned<any EventOutbox>, for event: Event, _ logger: Logger
    ) async throws -> [StoreWrite] {
        do {
            return try await outbox.call("EventOutbox.writes") {
                let writes = try await $0.writes(for: event)
                try check(writes, of: outbox)
                return writes
            }
        } catch let error as StoreError {
            throw error
        } catch let error as PluginUnavailable where outbox.role.isRequired {
            // As if the store had failed: the change is not made.
            throw StoreError(error.description)
        } catch let error as CancellationError where Task.isCancelled {
            // If this task is not cancelled, the plugin cancelled one of its own, which is a mistake like any other.
            throw error
        } catch {
            logger.error(
                "the writes that a plugin adds to a change cannot be committed, so they are left out",
                metadata: [
                    "plugin": "\(outbox.plugin)", "event": "\(event.kind.rawValue)", "error": "\(error)",
                ])
            return []
        }
    }

    private func check(_ writes: [StoreWrite], of outbox: Owned<any EventOutbox>) throws {
        try outbox.owner.check(writes, of: "an outbox")
        guard writes.allSatisfy(\.isCreation) else {
            throw PluginMistake(
                "an outbox of the plugin '\(outbox.plugin)' returns a write that creates nothing, which could keep the "
                    + "change from being committed; use StoreWrite.create or host.jobs.enqueue",
                of: outbox.plugin)
        }
    }
}

extension StoreWrite {
    fileprivate var isCreation: Bool {
        if case .create = self { true } else { false }
    }
}
