// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
package import GrantKit
import Synchronization

/// The end of the socket in a plugin's process: takes the calls of the server, and sends answers and host calls.
package final class HostConnection: Sendable {
    /// The most host calls without a reply beyond which lines for the log and events are dropped.
    private static let mostTold = 4096

    /// The number of the call for which this code runs.
    @TaskLocal static var call: UInt64?

    /// A call that has not been answered.
    private struct OpenCall {
        /// The task that answers it, once that is known.
        var task: Task<Void, Never>?
        var isCancelled = false
    }

    private struct State {
        var lastNumber: UInt64 = 0
        var hasStarted = false
        var open: [UInt64: OpenCall] = [:]
        var waiting: [UInt64: @Sendable (JSON) -> Void] = [:]
        var held = HeldMessages()
        /// Whether it was printed that lines and events are dropped.
        var isDropping = false

        /// The number of a new host call; nil before the plugin starts.
        mutating func nextNumber() -> UInt64? {
            guard hasStarted else { return nil }
            lastNumber += 1
            return lastNumber
        }
    }

    private let state = Mutex(State())
    private let writing = Mutex(())
    private let socket: Int32
    private let threads: ReadingThreads

    /// Makes the end of a socket.
    ///
    /// - Parameter socket: The descriptor; that of the socket which the server gives to the process by default.
    package init(_ socket: Int32 = 3) {
        self.socket = socket
        threads = ReadingThreads(of: socket)
    }

    // MARK: host calls

    /// Makes a host call, for the call that this code belongs to if there is one, and waits for the output.
    ///
    /// - Throws: `StoreError` if it may work later, `OAuthError`, or `HostRefusal`.
    func ask(_ function: String, _ input: JSON) async throws -> JSON {
        let reply = await withCheckedContinuation { continuation in
            ask(function, input) { continuation.resume(returning: $0) }
        }
        return try HostConnection.output(of: reply)
    }

    /// Makes a host call and holds up the thread until the reply, for functions of the kit that do not suspend.
    ///
    /// - Throws: Like `ask`.
    func askWaiting(_ function: String, _ input: JSON) throws -> JSON {
        // Another thread has to read the reply.
        threads.leave()
        let reply = AwaitedReply()
        ask(function, input, reply.arrive)
        return try HostConnection.output(of: reply.wait())
    }

    private func ask(_ function: String, _ input: JSON, _ take: @escaping @Sendable (JSON) -> Void) {
        guard let number = state.withLock({ $0.nextNumber() }) else {
            return take(["refused": .string("'\(function)': \(PluginProcess.tooEarly)")])
        }
        do {
            // A task that outlives its call makes host calls that belong to none from then on.
            let isHeld = try HostConnection.call.map { try hold(number, function, input, for: $0, take) } ?? false
            if !isHeld { _ = try hold(number, function, input, for: nil, take) }
        } catch {
            return take(["refused": .string("the input of '\(function)' cannot be sent: \(error)")])
        }
        sendAll()
    }

    /// Adds a host call to what has to be sent.
    ///
    /// - Returns: False if the call that it belongs to has been answered.
    /// - Throws: `FrameError`.
    private func hold(
        _ number: UInt64, _ function: String, _ input: JSON, for call: UInt64?,
        _ take: @escaping @Sendable (JSON) -> Void
    ) throws -> Bool {
        let frame = try Frame.bytes(
            .present([
                ("ask", .integer(Int64(clamping: number))), ("for", call.map { .integer(Int64(clamping: $0)) }),
                ("function", .string(function)), ("input", input),
            ]))
        return state.withLock { state in
            if let call, state.open[call] == nil { return false }
            state.waiting[number] = take
            state.held.add(question: number, for: call, frame)
            return true
        }
    }

    private static func output(of reply: JSON) throws -> JSON {
        if let error = reply["error"] { throw try OAuthError(form: error) }
        if let what = reply["unavailable"]?.string { throw StoreError(what) }
        if let what = reply["refused"]?.string { throw HostRefusal(what) }
        return reply["output"] ?? .null
    }

    /// Makes a host call without waiting for its reply; before the plugin starts, and if too many wait, it is dropped.
    ///
    /// - Returns: Whether the plugin has started.
    func tell(_ function: String, _ input: JSON) -> Bool {
        let (hasStarted, wasDropping, isDropping) = state.withLock { state in
            let was = state.isDropping
            // Until half of them have their replies, so that this is printed once for many.
            state.isDropping = state.waiting.count >= HostConnection.mostTold / (was ? 2 : 1)
            return (state.hasStarted, was, state.isDropping)
        }
        guard hasStarted else { return false }
        if isDropping, !wasDropping { HostConnection.print("lines or events are dropped, because too many wait") }
        if !isDropping { ask(function, input) { _ in } }
        return true
    }

    /// Passes a reply of the server to the code that waits for it.
    private func take(reply: JSON) {
        guard let number = reply.number("reply") else { return }
        let take = state.withLock { state in
            state.held.noteReply(to: number)
            return state.waiting.removeValue(forKey: number)
        }
        sendAll()
        take?(reply)
    }

    // MARK: calls

    /// Answers a call, cancels one, or passes a reply on.
    ///
    /// - Parameters:
    ///   - message: The message of the server.
    ///   - reply: Returns the answer to a call, without its number.
    func take(_ message: JSON, _ reply: @escaping @Sendable () async -> JSON) {
        if let number = message.number("cancel") { return cancel(number) }
        guard let number = message.number("call") else { return take(reply: message) }
        begin(number, isStart: message["function"]?.string == "start")
        let task = HostConnection.$call.withValue(number) {
            RemoteMoment.$current.withValue(RemoteMoment(message)) { run(number, reply) }
        }
        keep(task, of: number)
    }

    /// Runs a call in a task of its own, which begins on this thread if another one can read meanwhile.
    private func run(_ number: UInt64, _ reply: @escaping @Sendable () async -> JSON) -> Task<Void, Never> {
        guard threads.mayRunCalls else { return Task { await answer(number, reply()) } }
        return Task.immediate { await self.answer(number, reply()) }
    }

    /// Notes that a call begins; from `start` on, host calls are possible.
    private func begin(_ call: UInt64, isStart: Bool) {
        state.withLock { state in
            if isStart { state.hasStarted = true }
            state.open[call] = OpenCall()
        }
    }

    private func keep(_ task: Task<Void, Never>, of call: UInt64) {
        let isCancelled = state.withLock { state in
            state.open[call]?.task = task
            return state.open[call]?.isCancelled ?? false
        }
        if isCancelled { task.cancel() }
    }

    /// Cancels the task of a call for which nobody waits any more; it still has to be answered.
    private func cancel(_ call: UInt64) {
        let task = state.withLock { state in
            state.open[call]?.isCancelled = true
            return state.open[call]?.task
        }
        task?.cancel()
    }

    /// Sends the answer to a call, behind the host calls that were made for it.
    private func answer(_ call: UInt64, _ message: JSON) {
        var answer = message
        answer["answer"] = .integer(Int64(clamping: call))
        guard let frame = HostConnection.frame(ofAnswer: answer) else { return }
        state.withLock { state in
            state.open[call] = nil
            state.held.add(answerTo: call, frame)
        }
        sendAll()
    }

    /// Sends an answer at once, before the plugin starts.
    package func send(_ message: JSON) {
        guard let frame = HostConnection.frame(ofAnswer: message) else { return }
        writing.withLock { _ in write(frame) }
    }

    /// The frame of an answer; one that cannot be sent becomes a failure of its call.
    private static func frame(ofAnswer message: JSON) -> [UInt8]? {
        do {
            return try Frame.bytes(message, largest: Frame.largestAnswer)
        } catch {
            return try? Frame.bytes([
                "answer": message["answer"] ?? .null, "failure": .string("the answer cannot be sent: \(error)"),
            ])
        }
    }

    // MARK: the socket

    /// Sends what may be sent now.
    private func sendAll() {
        writing.withLock { _ in
            while let frame = state.withLock({ $0.held.next() }) { write(frame) }
        }
    }

    /// Writes a frame; writing waits, so that calls wait while the server does.
    private func write(_ frame: [UInt8]) {
        var start = 0
        let flags = Int32(truncatingIfNeeded: Int(MSG_NOSIGNAL))
        while start < frame.count {
            // Safe: the system reads no more than the bytes.
            let count = unsafe frame[start...].withUnsafeBytes { bytes in
                unsafe Glibc.send(socket, bytes.baseAddress, bytes.count, flags)
            }
            if count > 0 { start += count } else if errno != EINTR { exit(0) }
        }
    }

    /// Prints a line, which the server logs.
    static func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Safe: the system reads no more than the bytes.
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Reads messages until the server closes the socket, and then ends the process.
    ///
    /// - Parameter take: Handles a message.
    package func read(_ take: @escaping @Sendable (JSON) -> Void) -> Never {
        threads.run(take)
    }
}

extension JSON {
    /// The number of a call or host call.
    fileprivate func number(_ name: String) -> UInt64? {
        self[name]?.integer.flatMap(UInt64.init(exactly:))
    }
}

/// The error for a host call that the server has refused.
struct HostRefusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A reply for which a thread waits.
private final class AwaitedReply: Sendable {
    private let value = Mutex(JSON.null)
    private let arrived = DispatchSemaphore(value: 0)

    @Sendable func arrive(_ reply: JSON) {
        value.withLock { $0 = reply }
        arrived.signal()
    }

    func wait() -> JSON {
        arrived.wait()
        return value.withLock { $0 }
    }
}
