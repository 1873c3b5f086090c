// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Writes log lines on a thread of its own, so that a slow or stuck reader of the log does not delay requests.
final class LogWriter: Sendable {
    /// The writer for standard error.
    static let standardError = LogWriter()

    private static let most = 4 << 20

    private struct State {
        var waiting: [UInt8] = []
        var isWriting = false
        var lost = 0
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            // Set on the thread itself: a name that is set before the start is lost.
            Thread.current.name = "log"
            work()
        }
        thread.start()
    }

    /// Queues one or more lines; while too much is waiting, drops them and counts the loss.
    func write(_ line: String) {
        let isTaken = state.withLock { state in
            guard state.waiting.count < LogWriter.most else {
                state.lost += 1
                return false
            }
            state.waiting.append(contentsOf: line.utf8)
            return true
        }
        if isTaken { signal.signal() }
    }

    /// Waits until everything is written, but for at most two seconds.
    func flush() {
        for _ in 0..<400 {
            if state.withLock({ $0.waiting.isEmpty && !$0.isWriting }) { return }
            usleep(5000)
        }
    }

    private func work() {
        while true {
            signal.wait()
            var lines = drain()
            while !lines.isEmpty {
                // A pipe without a reader or a full disk loses lines, but does not end the server. Safe: no more bytes
                // are read than the array holds.
                let written = unsafe Foundation.write(2, lines, lines.count)
                guard written > 0 || errno == EINTR || errno == EAGAIN else { break }
                if written > 0 { lines.removeFirst(written) } else { usleep(10_000) }
            }
            state.withLock { $0.isWriting = false }
        }
    }

    private func drain() -> [UInt8] {
        state.withLock { state in
            defer { (state.waiting, state.lost) = ([], 0) }
            state.isWriting = true
            guard state.lost > 0 else { return state.waiting }
            return state.waiting
                + Array("{\"level\":\"warning\",\"message\":\"\(state.lost) log lines were lost\"}\n".utf8)
        }
    }
}
