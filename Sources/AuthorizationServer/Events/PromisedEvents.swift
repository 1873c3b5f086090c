// SPDX-License-Identifier: Apache-2.0

package import GrantKit
import Logging

/// Events about one change, and what outboxes commit together with that change (decision 0042).
package struct PromisedEvents: Sendable {
    /// The events, as sinks get them after the commit.
    package let events: [Event]
    let writes: [StoreWrite]
    private let logger: Logger?

    /// No events: nothing that is loaded wants any.
    package static let none = PromisedEvents([], writes: [], logger: nil)

    init(_ events: [Event], writes: [StoreWrite], logger: Logger?) {
        self.events = events
        self.writes = writes
        self.logger = logger
    }

    /// Commits a change together with what outboxes add, or without it if it cannot be committed: a plugin's mistake
    /// must not keep a change from being made.
    ///
    /// - Parameters:
    ///   - change: The writes of the change.
    ///   - store: The store.
    /// - Returns: What became of the change; a conflict is one of its own writes.
    /// - Throws: `StoreError`.
    func commit(_ change: [StoreWrite], in store: any Store) async throws -> WriteOutcome {
        guard !writes.isEmpty else { return try await store.write(change) }
        let all = change + writes
        if all.collectionWrittenTwice == nil {
            let outcome = try await store.write(all)
            guard case .conflict(let place, _) = outcome, place >= change.count else { return outcome }
        }
        logger?.error(
            "what plugins add to a change cannot be committed, so it is left out",
            metadata: ["events": "\(events.map(\.kind.rawValue).joined(separator: ", "))"])
        return try await store.write(change)
    }
}
