// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// What waits for one sink: a queue with a bound, and the task that empties it.
///
/// Whoever puts an event in never waits. When the queue is full the newest events are dropped and counted, and the sink
/// is told how many as soon as it takes events again (decision 0020).
final class EventQueue: Sendable {
    /// The most events that wait.
    static let capacity = 16_384
    /// The most events that are handed over at once.
    private static let batch = 512
    /// How long after the end of the server a sink that fails is tried.
    private static let patience = Duration.seconds(5)

    private struct State {
        var waiting: [Event] = []
        /// Handed to the sink, which has not taken them yet.
        var inHand = 0
        /// Dropped, and the sink was not told yet.
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

    /// How many events wait.
    var waiting: Int64 { state.withLock { Int64($0.waiting.count + $0.inHand) } }
    /// How many events were dropped in all.
    var lost: Int64 { state.withLock { $0.lost } }
    /// Whether the sink did not take what it was handed last.
    var isFailing: Bool { state.withLock { $0.isFailing } }
    /// Whether requests have to be refused until the sink takes events again.
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
        // Not on the executor of whoever begins it, which may be the one of requests.
        let task = Task.detached { [weak self, signals] in
            for await _ in signals { await self?.handOver() }
            await self?.handOver()
        }
        state.withLock { $0.task = task }
    }

    /// Has the sink take what waits, and ends; what it does not take within some seconds is lost.
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

    /// All that waits; behind it, since the newest were dropped, how many are missing.
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
        if wasFailing { logger.notice("events are taken again", metadata: ["plugin": "\(plugin)"]) }
    }

    /// Waits before the next try, or gives up when the server has ended long enough ago.
    private func goesOn(after error: any Error, losing rest: Int) async -> Bool {
        let (wasFailing, endsBy) = state.withLock { state in
            defer { state.isFailing = true }
            return (state.isFailing, state.endsBy)
        }
        if !wasFailing {
            logger.error(
                "events are not taken; they wait", metadata: ["plugin": "\(plugin)", "error": "\(error)"])
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
            logger.error("events are lost", metadata: ["plugin": "\(plugin)", "count": "\(count)"])
            return false
        }
        try? await Task.sleep(for: .milliseconds(50))
        return true
    }
}
