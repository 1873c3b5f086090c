// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// The bounded queue of events for one sink, and the task that empties it.
///
/// Adding an event never waits. If the queue is full, new events are dropped and counted, and the sink gets their
/// number as soon as it accepts events again (decision 0020).
final class EventQueue: Sendable {
    /// The most events that can wait.
    static let capacity = 16_384
    /// The most events for one call of the sink.
    private static let batch = 512
    /// The time for which a failing sink is retried after the server stops.
    private static let patience = Duration.seconds(5)

    private struct State {
        var waiting: [Event] = []
        /// Events that the sink has been given, but has not accepted yet.
        var inHand = 0
        /// Dropped events that the sink has not been told about.
        var untold: Int64 = 0
        var lost: Int64 = 0
        var isFailing = false
        var endsBy: ContinuousClock.Instant?
        var task: Task<Void, Never>?
    }

    let sink: any EventSink
    private let plugin: String
    private let logger = Logger(label: "grantor")
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(_ sink: any EventSink, plugin: String) {
        self.sink = sink
        self.plugin = plugin
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The number of events that wait.
    var waiting: Int64 { state.withLock { Int64($0.waiting.count + $0.inHand) } }
    /// The number of events that have been dropped so far.
    var lost: Int64 { state.withLock { $0.lost } }
    /// Whether the sink failed to accept the last batch.
    var isFailing: Bool { state.withLock { $0.isFailing } }
    /// Whether requests must be refused until the sink accepts events again.
    var refusesRequests: Bool {
        guard sink.isRequired else { return false }
        return state.withLock { $0.isFailing || $0.waiting.count + $0.inHand >= EventQueue.capacity }
    }

    func put(_ event: Event) {
        let isFirst = state.withLock { state in
            guard state.waiting.count + state.inHand < EventQueue.capacity else {
                state.untold += 1
                state.lost += 1
                return false
            }
            state.waiting.append(event)
            return state.waiting.count == 1
        }
        if isFirst { signal.yield() }
    }

    // MARK: the task

    func begin() {
        // Detached, because the caller may run on the executor of requests.
        let task = Task.detached { [weak self, signals] in
            for await _ in signals { await self?.handOver() }
            await self?.handOver()
        }
        state.withLock { $0.task = task }
    }

    /// Gives the sink what is waiting, and ends; what it does not accept within a few seconds is lost.
    func end() async {
        let task = state.withLock { state in
            state.endsBy = .now + EventQueue.patience
            return state.task
        }
        signal.finish()
        await task?.value
    }

    private func handOver() async {
        while let all = nextBatch() {
            for start in stride(from: 0, to: all.count, by: EventQueue.batch) {
                let rest = all[start...]
                let batch = Array(rest.prefix(EventQueue.batch))
                while true {
                    do {
                        try await sink.write(batch)
                        noteSuccess(batch.count)
                        break
                    } catch {
                        guard await goesOn(after: error, losing: rest.count) else { return }
                    }
                }
            }
        }
    }

    /// Takes all waiting events, followed by one with the number of dropped events, if there are any.
    private func nextBatch() -> [Event]? {
        state.withLock { state in
            guard !state.waiting.isEmpty || state.untold > 0 else { return nil }
            var events = state.waiting
            state.waiting = []
            if state.untold > 0 {
                var event = Event(.eventsLost, details: ["count": .integer(state.untold)])
                event.time = events.last?.time ?? event.time
                events.append(event)
                state.untold = 0
            }
            state.inHand = events.count
            return events
        }
    }

    private func noteSuccess(_ count: Int) {
        let wasFailing = state.withLock { state in
            defer { state.isFailing = false }
            state.inHand -= count
            return state.isFailing
        }
        if wasFailing { logger.notice("an event sink accepts events again", metadata: ["plugin": "\(plugin)"]) }
    }

    /// Waits before the next attempt, or gives up some time after the server has stopped.
    private func goesOn(after error: any Error, losing rest: Int) async -> Bool {
        let (wasFailing, endsBy) = state.withLock { state in
            defer { state.isFailing = true }
            return (state.isFailing, state.endsBy)
        }
        if !wasFailing {
            logger.error(
                "an event sink does not accept events; they stay queued",
                metadata: ["plugin": "\(plugin)", "error": "\(error)"])
        }
        guard let endsBy else {
            try? await Task.sleep(for: .milliseconds(250))
            return true
        }
        guard ContinuousClock.now < endsBy else {
            let count = state.withLock { state in
                defer { (state.waiting, state.inHand, state.untold) = ([], 0, 0) }
                return Int64(rest + state.waiting.count) + state.untold
            }
            logger.error("events were lost", metadata: ["plugin": "\(plugin)", "count": "\(count)"])
            return false
        }
        try? await Task.sleep(for: .milliseconds(50))
        return true
    }
}
