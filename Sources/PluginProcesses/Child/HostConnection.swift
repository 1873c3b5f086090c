// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
package import GrantKit
import Synchronization

/// The end of the socket in a plugin's process: sends answers and host calls to the server.
package final class HostConnection: Sendable {
    /// The descriptor of the socket in a plugin's process.
    package static let descriptor: Int32 = 3

    /// The number of the call for which this code runs.
    @TaskLocal static var call: UInt64?

    private struct State {
        var lastNumber: UInt64 = 0
        var hasStarted = false
        /// The calls that have not been answered.
        var open: Set<UInt64> = []
        var waiting: [UInt64: @Sendable (JSON) -> Void] = [:]
        var held = HeldMessages()

        /// The number of a new host call, and the call that it belongs to; nil before the plugin starts.
        ///
        /// A task that outlives its call makes host calls of its own accord from then on.
        mutating func nextQuestion() -> (number: UInt64, call: UInt64?)? {
            guard hasStarted else { return nil }
            lastNumber += 1
            return (lastNumber, HostConnection.call.flatMap { open.contains($0) ? $0 : nil })
        }
    }

    private let state = Mutex(State())
    private let writing = Mutex(())

    /// Makes the end of the socket that the server has given to the process.
    package init() {}

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
    /// The thread that reads replies is another one.
    ///
    /// - Throws: Like `ask`.
    func askWaiting(_ function: String, _ input: JSON) throws -> JSON {
        let reply = AwaitedReply()
        ask(function, input, reply.arrive)
        return try HostConnection.output(of: reply.wait())
    }

    private func ask(_ function: String, _ input: JSON, _ take: @escaping @Sendable (JSON) -> Void) {
        guard let (number, call) = state.withLock({ $0.nextQuestion() }) else {
            return take(["refused": .string("'\(function)' is possible only once the plugin starts")])
        }
        let message: JSON = .present([
            ("ask", .integer(Int64(clamping: number))), ("for", call.map { .integer(Int64(clamping: $0)) }),
            ("function", .string(function)), ("input", input),
        ])
        guard let frame = try? Frame.bytes(message) else {
            return take(["refused": .string("the input of '\(function)' is larger than \(Frame.largest) bytes")])
        }
        state.withLock { state in
            state.waiting[number] = take
            state.held.add(question: number, for: call, frame)
        }
        sendAll()
    }

    private static func output(of reply: JSON) throws -> JSON {
        if let error = reply["error"] { throw try OAuthError(form: error) }
        if let what = reply["unavailable"]?.string { throw StoreError(what) }
        if let what = reply["refused"]?.string { throw HostRefusal(what) }
        return reply["output"] ?? .null
    }

    /// Makes a host call without waiting for its reply; before the plugin starts, it is dropped.
    ///
    /// - Returns: Whether it was made.
    func tell(_ function: String, _ input: JSON) -> Bool {
        guard state.withLock({ $0.hasStarted }) else { return false }
        ask(function, input) { _ in }
        return true
    }

    /// Passes a reply of the server to the code that waits for it.
    func take(reply: JSON) {
        guard let number = reply["reply"]?.integer.flatMap(UInt64.init(exactly:)) else { return }
        let take = state.withLock { state in
            state.held.noteReply(to: number)
            return state.waiting.removeValue(forKey: number)
        }
        sendAll()
        take?(reply)
    }

    // MARK: calls

    /// Notes that a call begins: from now on, host calls are possible.
    func begin(_ call: UInt64) {
        state.withLock { state in
            state.hasStarted = true
            state.open.insert(call)
        }
    }

    /// Sends the answer to a call, behind the host calls that were made for it.
    func answer(_ call: UInt64, _ message: JSON) {
        guard let frame = HostConnection.frame(ofAnswer: message) else { return }
        state.withLock { state in
            state.open.remove(call)
            state.held.add(answerTo: call, frame)
        }
        sendAll()
    }

    /// Sends an answer at once, before the plugin starts.
    package func send(_ message: JSON) {
        guard let frame = HostConnection.frame(ofAnswer: message) else { return }
        writing.withLock { _ in HostConnection.write(frame) }
    }

    /// The frame of an answer; one that is too large becomes a failure of its call.
    private static func frame(ofAnswer message: JSON) -> [UInt8]? {
        let large: JSON = [
            "answer": message["answer"] ?? .null,
            "failure": .string("the answer is larger than \(Frame.largestAnswer) bytes"),
        ]
        return (try? Frame.bytes(message, largest: Frame.largestAnswer)) ?? (try? Frame.bytes(large))
    }

    // MARK: the socket

    /// Sends what may be sent now.
    private func sendAll() {
        writing.withLock { _ in
            while let frame = state.withLock({ $0.held.next() }) { HostConnection.write(frame) }
        }
    }

    /// Writes a frame; writing waits, so that calls wait while the server does.
    private static func write(_ frame: [UInt8]) {
        var start = 0
        let flags = Int32(truncatingIfNeeded: Int(MSG_NOSIGNAL))
        while start < frame.count {
            // Safe: the system reads no more than the bytes.
            let count = unsafe frame[start...].withUnsafeBytes { bytes in
                unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
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
    /// - Parameter take: Takes a message.
    package func read(_ take: (JSON) -> Void) -> Never {
        var reader = FrameReader()
        var block = [UInt8](repeating: 0, count: Channel.most)
        while let count = Channel.read(HostConnection.descriptor, into: &block) {
            reader.add(block.prefix(count))
            do {
                while let message = try reader.next() { take(message) }
            } catch {
                // Nothing that follows can be read.
                HostConnection.print("a message of the server cannot be read: \(error)")
                exit(1)
            }
        }
        exit(0)
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
