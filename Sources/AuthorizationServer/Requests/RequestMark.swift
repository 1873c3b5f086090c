// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A mark that holds while a request is served, and no longer.
///
/// Tasks that a plugin starts meanwhile inherit the task-local values of the request, and may outlive it.
final class RequestMark: Sendable {
    private let isOver = Atomic(false)

    var holds: Bool { !isOver.load(ordering: .acquiring) }

    /// Ends the mark, once the request has its response.
    func end() {
        isOver.store(true, ordering: .releasing)
    }
}
