// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// Notifies one receiver of issued tokens, if possible: waiting tokens are in memory, so they are lost with the
/// process.
///
/// It keeps few tokens itself. While they wait, it accepts no more, and further events wait in the queue that the
/// server has for each sink. That queue drops, counts and logs what is too much (decision 0020). Each receiver has its
/// own sink, so none waits for another.
final class Issued: EventSink {
    /// The most tokens that can wait here, which is more than the server passes at once.
    private static let capacity = 1024
    /// The most deliveries at the same time.
    private static let width = 8
    private static let attempts = 5

    private struct State {
        var waiting: [JSON] = []
        var failure: String?
        var task: Task<Void, Never>?
    }

    private let delivery: PushDelivery
    private let receiver: Receiver
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(_ delivery: PushDelivery, to receiver: Receiver) {
        self.delivery = delivery
        self.receiver = receiver
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private var host: any PluginHost { delivery.host }

    func write(_ events: [Event]) async throws {
        let tokens = events.filter { $0.kind == .issued }.map { event in
            SecurityEvent(event, issuer: host.issuer).claims(for: receiver.audience, jti: host.random(bytes: 16))
        }
        guard !tokens.isEmpty else { return }
        let failure = state.withLock { state -> String? in
            guard state.waiting.count + tokens.count <= Issued.capacity else {
                return state.failure ?? "it is too slow"
            }
            state.waiting += tokens
            return nil
        }
        signal.yield()
        if let failure { throw OutboundError("\(receiver.shown) accepts no more events: \(failure)") }
    }

    // MARK: the task

    func start() {
        // Detached, because the caller may be a request.
        let task = Task.detached { [weak self, signals] in
            for await _ in signals { await self?.deliverAll() }
        }
        state.withLock { $0.task = task }
    }

    /// Stops at once; what still waits is lost.
    func stop() {
        signal.finish()
        state.withLock { $0.task }?.cancel()
    }

    private func deliverAll() async {
        while !Task.isCancelled, let tokens = next() {
            await withTaskGroup(of: Void.self) { group in
                for token in tokens { group.addTask { await self.deliver(token) } }
            }
        }
    }

    private func next() -> [JSON]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else { return nil }
            let first = Array(state.waiting.prefix(Issued.width))
            state.waiting.removeFirst(first.count)
            return first
        }
    }

    /// Delivers a token, or drops it after some attempts.
    private func deliver(_ claims: JSON) async {
        for attempt in 0..<Issued.attempts {
            do {
                try await delivery.send(claims, to: receiver)
                return state.withLock { $0.failure = nil }
            } catch {
                let failure = "\(error)"
                state.withLock { $0.failure = failure }
                if error is JobAbandoned || Task.isCancelled || attempt == Issued.attempts - 1 { break }
                try? await Task.sleep(for: .seconds(1 << attempt))
            }
        }
        host.events.record(Event(.notDelivered, details: ["receiver": .string(receiver.shown)]))
    }
}

extension Event.Kind {
    /// A receiver was not notified of an issued token.
    static let notDelivered = Event.Kind(rawValue: "webhooks.not_delivered")
}
