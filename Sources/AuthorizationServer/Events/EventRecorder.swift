// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// Puts what happens into the queue of each sink that is loaded; without one, nothing is made and nothing is asked.
final class EventRecorder: EventService {
    private struct State {
        var queues: [EventQueue] = []
        /// Lost by queues that are no longer served.
        var lostBefore: Int64 = 0
    }

    private let environment: any ServerEnvironment
    private let state = Mutex(State())
    private let wanted = Atomic<Bool>(false)

    init(_ environment: any ServerEnvironment, _ metrics: Metrics, _ logger: Logger) {
        self.environment = environment
        metrics.show("grantor_events_waiting") { [weak self] in
            self?.state.withLock { $0.queues.reduce(0) { $0 + $1.waiting } } ?? 0
        }
        metrics.show("grantor_events_lost_total", as: "counter") { [weak self] in
            self?.state.withLock { state in state.queues.reduce(state.lostBefore) { $0 + $1.lost } } ?? 0
        }
    }

    /// Whether anything that is loaded wants events.
    var isWanted: Bool { wanted.load(ordering: .acquiring) }

    /// Serves other queues from the next event on.
    func serve(_ queues: [EventQueue]) {
        state.withLock { state in
            let former = state.queues.filter { queue in !queues.contains { $0 === queue } }
            state.lostBefore += former.reduce(0) { $0 + $1.lost }
            state.queues = queues
        }
        wanted.store(!queues.isEmpty, ordering: .releasing)
    }

    func record(_ event: @autoclosure () -> Event) {
        guard isWanted, !HeadRequest.isCurrent else { return }
        var event = event()
        event.time = environment.now
        if let context = RequestContext.current {
            event.requestID = event.requestID ?? context.id
            event.address = event.address ?? context.address
            event.client = event.client ?? context.client
        }
        // Under the lock, so that none is put into a queue that has ended.
        state.withLock { [event] state in
            for queue in state.queues { queue.put(event) }
        }
    }

    /// Whether a sink that must not miss anything cannot take events now.
    var refusesRequests: Bool {
        isWanted && state.withLock { $0.queues.contains(where: \.refusesRequests) }
    }

    /// Whether each sink took what it was handed last.
    var isWell: Bool {
        !isWanted || state.withLock { !$0.queues.contains(where: \.isFailing) }
    }

    /// The refusal of all that would not be recorded, where a sink requires that everything is.
    static let unrecorded = OAuthError(
        .temporarilyUnavailable, "the server cannot keep its records",
        reason: "events cannot be written down, and a plugin requires it")
}
