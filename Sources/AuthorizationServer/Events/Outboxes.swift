// SPDX-License-Identifier: Apache-2.0

package import GrantKit
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
        var writes: [StoreWrite] = []
        for event in events {
            for outbox in all where outbox.role.kinds.contains(event.kind) {
                writes += try await self.writes(of: outbox, for: event, logger)
            }
        }
        return PromisedEvents(events, writes: writes, logger: logger)
    }

    /// What one outbox commits; nothing after a mistake of its plugin, since that must not keep a change from being made.
    private func writes(
        of outbox: Owned<any EventOutbox>, for event: Event, _ logger: Logger
    ) async throws -> [StoreWrite] {
        do {
            let writes = try await outbox.role.writes(for: event)
            try outbox.owner.check(writes, of: "an outbox")
            guard writes.allSatisfy(\.isCreation) else {
                throw PluginMistake(
                    "an outbox of the plugin '\(outbox.owner.plugin)' returns a write that creates nothing, which could "
                        + "keep the change from being committed; use StoreWrite.create or host.jobs.enqueue")
            }
            return writes
        } catch let error as StoreError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.error(
                "what a plugin adds to a change cannot be committed, so it is left out",
                metadata: [
                    "plugin": "\(outbox.owner.plugin)", "event": "\(event.kind.rawValue)", "error": "\(error)",
                ])
            return []
        }
    }
}

extension StoreWrite {
    fileprivate var isCreation: Bool {
        if case .create = self { true } else { false }
    }
}
