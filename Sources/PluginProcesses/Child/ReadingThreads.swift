// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GrantKit
import Synchronization

/// The threads of a plugin's process that read what the server sends.
///
/// One of them reads, and runs the call that it has read until the call waits for something, so most calls need no
/// second thread. Another one stands by, and takes over the reading if a call keeps the first one.
final class ReadingThreads: Sendable {
    /// How often the thread that stands by looks: a call keeps others waiting for at most twice as long.
    private static let pause = DispatchTimeInterval.milliseconds(5)
    /// How often it finds nothing to have been read before it looks no more until the next message.
    private static let mostPauses = 200
    /// The most threads, all of which calls may keep.
    private static let most = 32
    /// The size of a stack in bytes; it counts towards the limit of the process's memory.
    private static let stack = 1 << 20

    private struct Source {
        var frames = FrameReader()
        var block = [UInt8](repeating: 0, count: Channel.most)
    }

    private struct State {
        /// The thread that reads.
        var reader = pthread_self()
        /// Counts the messages, and the threads that took over.
        var turn = 0
        /// Whether the thread that reads has a message to handle.
        var isHandling = false
        /// Whether no thread reads, because the one that did is about to wait.
        var isVacant = false
        var hasStandby = false
        /// Whether the thread that stands by waits for the next message.
        var isResting = false
        var threads = 1

        /// Makes the calling thread the one that reads, if the former one has left or was not done with a message.
        mutating func takesOver(after seen: Int) -> Bool {
            guard isVacant || (isHandling && turn == seen) else { return false }
            (isVacant, isHandling, hasStandby) = (false, false, false)
            turn += 1
            reader = pthread_self()
            return true
        }
    }

    private let socket: Int32
    private let source = Mutex(Source())
    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)

    init(of socket: Int32) {
        self.socket = socket
    }

    /// Whether the thread that reads may run a call, since another one can take over.
    var mayRunCalls: Bool { state.withLock { $0.hasStandby } }

    /// Whether no thread looks, because nothing has been read for a while.
    var isResting: Bool { state.withLock { $0.isResting } }

    /// Reads messages until the server closes the socket, and then ends the process.
    ///
    /// - Parameter take: Handles a message.
    func run(_ take: @escaping @Sendable (JSON) -> Void) -> Never {
        state.withLock { $0.reader = pthread_self() }
        addStandby(take)
        readInTurns(take)
        // The main thread must not return.
        while true { sleep(.max) }
    }

    /// Has another thread read, if this is the one that reads, because it is about to wait.
    func leave() {
        let hasLeft = state.withLock { state in
            guard state.isHandling, state.reader == pthread_self() else { return false }
            (state.isVacant, state.isHandling) = (true, false)
            state.turn += 1
            return true
        }
        if hasLeft { wakeUp.signal() }
    }

    /// Reads or stands by until there are other threads for both.
    private func readInTurns(_ take: @escaping @Sendable (JSON) -> Void) {
        while true {
            read(take)
            let standsBy = state.withLock { state in
                defer { state.hasStandby = true }
                return !state.hasStandby
            }
            guard standsBy else { return }
            standBy()
            addStandby(take)
        }
    }

    private func addStandby(_ take: @escaping @Sendable (JSON) -> Void) {
        let isNeeded = state.withLock { state in
            guard !state.hasStandby, state.threads < ReadingThreads.most else { return false }
            state.hasStandby = true
            state.threads += 1
            return true
        }
        guard isNeeded else { return }
        let thread = Thread { [self] in
            standBy()
            addStandby(take)
            readInTurns(take)
            state.withLock { $0.threads -= 1 }
        }
        thread.stackSize = ReadingThreads.stack
        thread.start()
    }

    /// Reads and handles messages until another thread has taken over.
    private func read(_ take: (JSON) -> Void) {
        while true {
            let message = next()
            let (turn, wasResting) = state.withLock { state in
                state.turn += 1
                state.isHandling = true
                defer { state.isResting = false }
                return (state.turn, state.isResting)
            }
            if wasResting { wakeUp.signal() }
            take(message)
            let stillReads = state.withLock { state in
                guard state.turn == turn else { return false }
                state.isHandling = false
                return true
            }
            guard stillReads else { return }
        }
    }

    /// Waits until the thread that reads has left, or has not been done with a message for a while; then this one reads.
    private func standBy() {
        var (seen, pauses) = (0, 0)
        while true {
            let looks = pauses < ReadingThreads.mostPauses
            _ = wakeUp.wait(timeout: looks ? .now() + ReadingThreads.pause : .distantFuture)
            let takesOver = state.withLock { state in
                if state.takesOver(after: seen) { return true }
                pauses = state.turn == seen ? pauses + 1 : 0
                seen = state.turn
                state.isResting = pauses >= ReadingThreads.mostPauses
                return false
            }
            if takesOver { return }
        }
    }

    /// The next message, for which the thread waits.
    private func next() -> JSON {
        source.withLock { source in
            while true {
                do {
                    if let message = try source.frames.next() { return message }
                } catch {
                    // Nothing that follows can be read.
                    HostConnection.print("a message of the server cannot be read: \(error)")
                    exit(1)
                }
                // A thread that waits in 'read' also wakes when the server reads.
                var polls = [pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
                Channel.wait(for: &polls, milliseconds: -1)
                guard let count = Channel.read(socket, into: &source.block) else { exit(0) }
                source.frames.add(source.block.prefix(count))
            }
        }
    }
}
