// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// Records changes of stored documents: in the server those that requests make, in a command its own.
package protocol DocumentEvents: Sendable {
    /// Completes the event about a change, and asks outboxes what to commit together with the change.
    ///
    /// - Parameter event: The event; its `details` say what changes.
    /// - Returns: The event and the writes; none if nothing wants the event.
    /// - Throws: `StoreError`, `CancellationError`; the change must not be made then.
    func promise(_ event: @autoclosure () -> Event) async throws -> PromisedEvents

    /// Records the event, since the change has been committed.
    func record(_ promised: PromisedEvents)
}
