// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What holds while a request is served, and no longer.
///
/// Tasks that a plugin starts meanwhile inherit the values of the request's task and may outlive it.
final class RequestMark: Sendable {
    private let isOver = Atomic(false)

    var holds: Bool { !isOver.load(ordering: .acquiring) }

    /// The request has been answered.
    func end() {
        isOver.store(true, ordering: .releasing)
    }
}
