// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import NIOCore

/// Stops accepting connections for a while when the machine is out of files or memory.
///
/// The library would retry at once and keep a processor busy. Open connections continue to be served, and new ones wait
/// in the socket's queue.
final class AcceptPauseHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private static let shortest = TimeAmount.milliseconds(50)
    private static let longest = TimeAmount.seconds(1)
    /// How long accepting must work before the end of the shortage is logged, so that a server at its limit does not
    /// flood the log.
    private static let calm = TimeAmount.seconds(5)

    private let logger: Logger
    private var pause = AcceptPauseHandler.shortest
    private var isPaused = false
    private var failing: (since: NIODeadline, last: NIODeadline)?
    private var timer: Scheduled<Void>?

    /// Creates a handler, which goes before any other that would swallow the listener's errors.
    init(_ logger: Logger) {
        self.logger = logger
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func read(context: ChannelHandlerContext) {
        if !isPaused { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, AcceptPauseHandler.isShortage(error.errnoCode) {
            hold(context, error.errnoCode)
        }
        context.fireErrorCaught(error)
    }

    private static func isShortage(_ code: CInt) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }

    private func hold(_ context: ChannelHandlerContext, _ code: CInt) {
        let now = NIODeadline.now()
        if failing == nil { report(code) }
        failing = (failing?.since ?? now, now)
        isPaused = true
        // Pausing the handler alone is not enough, since the event loop would still watch the socket.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        schedule(context, in: pause) { self.resume(context) }
        pause = min(pause * 2, AcceptPauseHandler.longest)
    }

    private func resume(_ context: ChannelHandlerContext) {
        isPaused = false
        schedule(context, in: AcceptPauseHandler.calm) { self.reportRecovery() }
        try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }

    private func reportRecovery() {
        guard let failing else { return }
        self.failing = nil
        pause = AcceptPauseHandler.shortest
        let seconds = (failing.last - failing.since).nanoseconds / 1_000_000_000
        logger.warning("new connections are accepted again", metadata: ["after_seconds": "\(seconds)"])
    }

    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount, _ body: @escaping () -> Void) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time, body)
    }

    private func report(_ code: CInt) {
        // Safe: 'strerror' returns a string that ends with NUL.
        let advice =
            switch code {
            case EMFILE:
                "raise the limit of open files (LimitNOFILE of systemd, 'ulimit -n') or lower 'listen.max_connections'"
            case ENFILE: "the machine has reached its limit of open files: check fs.file-max and what else runs there"
            default: "the machine has no memory left for connections"
            }
        logger.error(
            "new connections cannot be accepted for now; open connections are still served",
            metadata: ["error": unsafe "\(String(cString: strerror(code)))", "advice": "\(advice)"])
    }
}
