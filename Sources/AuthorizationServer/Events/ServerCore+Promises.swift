// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ServerCore {
    /// Prepares to commit a change together with the events about it.
    ///
    /// Commit the change with `PromisedEvents.commit`, then record the events. Without an outbox and a sink, the events are
    /// not even created.
    ///
    /// - Parameter events: The events about the change.
    /// - Returns: The events, with what outboxes commit.
    /// - Throws: `StoreError`, `CancellationError`; the change must not be made then.
    func promise(_ events: @autoclosure () -> [Event]) async throws -> PromisedEvents {
        guard recorder.isWanted, !HeadRequest.isCurrent, let generation else { return .none }
        return try await generation.capabilities.outboxes.promise(events().map(recorder.stamped), logger)
    }
}
