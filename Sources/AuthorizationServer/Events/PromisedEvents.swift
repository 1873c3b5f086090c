// SPDX-License-Identifier: Apache-2.0

package import GrantKit
import Logging

/// The events about one change, and the writes that outboxes add to its commit (decision 0042).
package struct PromisedEvents: Sendable {
    /// The events, as sinks get them after the commit.
    package let events: [Event]
    let added: [AddedWrites]
    private let logger: Logger?

    /// No events, because no loaded plugin needs any.
    package static let none = PromisedEvents([], added: [], logger: nil)

    init(_ events: [Event], added: [AddedWrites], logger: Logger?) {
        self.events = events
        self.added = added
        self.logger = logger
    }

    /// Commits a change together with what outboxes add, without what cannot be committed: a plugin's mistake must not
    /// keep a change from being made.
    ///
    /// - Parameters:
    ///   - change: The writes of the change.
    ///   - store: The store.
    /// - Returns: The outcome of the change. A conflict is about one of its own writes.
    /// - Throws: `StoreError`.
    func commit(_ change: [StoreWrite], in store: any Store) async throws -> WriteOutcome {
        // Nearly always: without outboxes, nothing is added.
        guard !added.isEmpty else { return try await store.write(change) }
        return try await added.commit(with: change, in: store) { plugin in
            logger?.error(
                "the writes that a plugin adds to a change cannot be committed, so they are left out",
                metadata: ["plugin": "\(plugin)", "events": "\(events.map(\.kind.rawValue).joined(separator: ", "))"])
        }
    }
}
