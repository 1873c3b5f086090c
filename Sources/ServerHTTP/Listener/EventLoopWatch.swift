// SPDX-License-Identifier: Apache-2.0

public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Logs when an event loop does not respond, because then all requests on it wait.
///
/// It checks each event loop once a second, whatever the number of requests.
public final class EventLoopWatch: Sendable {
    private static let interval = Duration.seconds(1)
    private static let patience = Duration.seconds(2)

    /// An event loop, and the time since which it has not responded.
    private final class Loop: Sendable {
        let number: Int
        let eventLoop: any EventLoop
        let asked = Mutex<(at: ContinuousClock.Instant, isReported: Bool)?>(nil)

        init(_ number: Int, _ eventLoop: any EventLoop) {
            self.number = number
            self.eventLoop = eventLoop
        }
    }

    private let loops: [Loop]
    private let logger: Logger
    private let suspects: @Sendable () -> [String]

    /// Creates the watch of the event loops that all listeners use.
    ///
    /// - Parameters:
    ///   - logger: Logs an event loop that does not respond.
    ///   - suspects: The ids of the plugins from outside that run on event loops.
    public convenience init(logger: Logger, suspects: @escaping @Sendable () -> [String]) {
        self.init(Array(MultiThreadedEventLoopGroup.singleton.makeIterator()), logger: logger, suspects: suspects)
    }

    init(_ loops: [any EventLoop], logger: Logger, suspects: @escaping @Sendable () -> [String]) {
        self.loops = loops.enumerated().map { Loop($0.offset, $0.element) }
        self.logger = logger
        self.suspects = suspects
    }

    /// Watches until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            round(at: .now)
            try? await Task.sleep(for: EventLoopWatch.interval)
        }
    }

    /// Checks the event loops that have responded, and reports those that have not responded for some time.
    func round(at now: ContinuousClock.Instant) {
        for loop in loops { ask(loop, at: now) }
    }

    private func ask(_ loop: Loop, at now: ContinuousClock.Instant) {
        let (asks, silent): (Bool, Duration?) = loop.asked.withLock { asked in
            guard let former = asked else {
                asked = (at: now, isReported: false)
                return (true, nil)
            }
            guard !former.isReported, now - former.at >= EventLoopWatch.patience else { return (false, nil) }
            asked = (at: former.at, isReported: true)
            return (false, now - former.at)
        }
        if let silent { report(loop, silent) }
        guard asks else { return }
        loop.eventLoop.execute { [logger] in
            let former = loop.asked.withLock { asked in
                defer { asked = nil }
                return asked
            }
            guard let former, former.isReported else { return }
            logger.notice("an event loop responds again", metadata: ["event_loop": "\(loop.number)"])
        }
    }

    private func report(_ loop: Loop, _ silent: Duration) {
        var metadata: Logger.Metadata = [
            "event_loop": "\(loop.number)", "seconds": "\(silent.components.seconds)",
        ]
        let ids = suspects()
        if !ids.isEmpty { metadata["plugins_on_event_loops"] = "\(ids.joined(separator: ", "))" }
        logger.error("an event loop does not respond, so its requests wait", metadata: metadata)
    }
}
