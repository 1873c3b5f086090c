// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// Adds events to the queue of every loaded sink; without a sink, events are not even created.
final class EventRecorder: EventService {
    private struct State {
        var queues: [EventQueue] = []
        /// Events that queues lost before they were replaced.
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

    /// Whether a sink or an outbox is loaded.
    var isWanted: Bool { wanted.load(ordering: .acquiring) }

    /// Switches to these queues from the next event on.
    ///
    /// - Parameters:
    ///   - queues: The queues of all sinks.
    ///   - hasOutboxes: Whether an outbox is loaded, which needs to know the request of an event as well.
    func serve(_ queues: [EventQueue], hasOutboxes: Bool) {
        state.withLock { state in
            let former = state.queues.filter { queue in !queues.contains { $0 === queue } }
            state.lostBefore += former.reduce(0) { $0 + $1.lost }
            state.queues = queues
        }
        wanted.store(!queues.isEmpty || hasOutboxes, ordering: .releasing)
    }

    func record(_ event: @autoclosure () -> Event) {
        guard isWanted, !HeadRequest.isCurrent, !(PluginCall.ongoing?.isExpired ?? false) else { return }
        put([stamped(event())])
    }

    /// Records the events about a change that has been committed.
    func record(_ promised: PromisedEvents) {
        if !promised.events.isEmpty { put(promised.events) }
    }

    /// The event with the time, and with what is known of the current request.
    func stamped(_ event: Event) -> Event {
        var event = event
        event.time = environment.now
        guard let context = RequestContext.current else { return event }
        event.requestID = event.requestID ?? context.id
        event.address = event.address ?? context.address
        event.client = event.client ?? context.client
        return event
    }

    private func put(_ events: [Event]) {
        // Under the lock, so that no event is added to a queue that has ended.
        state.withLock { state in
            for queue in state.queues { for event in events { queue.put(event) } }
        }
    }

    /// Whether a sink that requires every event cannot accept any now.
    var refusesRequests: Bool {
        isWanted && state.withLock { $0.queues.contains(where: \.refusesRequests) }
    }

    /// Whether every sink accepted its last batch.
    var isWell: Bool {
        !isWanted || state.withLock { !$0.queues.contains(where: \.isFailing) }
    }

    /// The refusal of requests while a sink that requires every event accepts none.
    static let unrecorded = OAuthError(
        .temporarilyUnavailable, "the server cannot record events at the moment",
        reason: "events cannot be recorded, and a plugin requires that they are")
}
