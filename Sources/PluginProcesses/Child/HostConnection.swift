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
        var waiting: [UInt64: @Sendable (JSON) -> Void] = [:]
    }

    private let state = Mutex(State())
    private let writing = Mutex(())

    /// Makes the end of the socket that the server has given to the process.
    package init() {}

    /// Makes a host call for the call that this code belongs to, and waits for the output.
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
        guard let call = HostConnection.call else {
            let why = "'\(function)' is possible only during a call of the server, not in a task of its own"
            return take(["refused": .string(why)])
        }
        let number = state.withLock { state in
            state.lastNumber += 1
            state.waiting[state.lastNumber] = take
            return state.lastNumber
        }
        send([
            "ask": .integer(Int64(clamping: number)), "for": .integer(Int64(clamping: call)),
            "function": .string(function), "input": input,
        ])
    }

    private static func output(of reply: JSON) throws -> JSON {
        if let error = reply["error"] { throw try OAuthError(form: error) }
        if let what = reply["unavailable"]?.string { throw StoreError(what) }
        if let what = reply["refused"]?.string { throw HostRefusal(what) }
        return reply["output"] ?? .null
    }

    /// Makes a host call without waiting for its reply; without a call of the server, it is dropped.
    ///
    /// - Returns: Whether it was sent.
    func tell(_ function: String, _ input: JSON) -> Bool {
        guard let call = HostConnection.call else { return false }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        send([
            "ask": .integer(Int64(clamping: number)), "for": .integer(Int64(clamping: call)),
            "function": .string(function), "input": input,
        ])
        return true
    }

    /// Passes a reply of the server to the code that waits for it.
    func take(reply: JSON) {
        guard let number = reply["reply"]?.integer.flatMap(UInt64.init(exactly:)) else { return }
        state.withLock { $0.waiting.removeValue(forKey: number) }?(reply)
    }

    /// Writes a frame; a message that is too large becomes a failure of its call.
    package func send(_ message: JSON) {
        let number = message["answer"] ?? .null
        let large: JSON = ["answer": number, "failure": "the answer is larger than a frame"]
        guard let frame = (try? Frame.bytes(message)) ?? (try? Frame.bytes(large)) else { return }
        writing.withLock { _ in
            var start = 0
            let flags = Int32(truncatingIfNeeded: Int(MSG_NOSIGNAL))
            while start < frame.count {
                // Safe: the system reads no more than the bytes. Writing waits, so that calls wait while the server does.
                let count = unsafe frame[start...].withUnsafeBytes { bytes in
                    unsafe Glibc.send(HostConnection.descriptor, bytes.baseAddress, bytes.count, flags)
                }
                if count > 0 { start += count } else if errno != EINTR { exit(0) }
            }
        }
    }

    /// Prints a line, which the server logs.
    static func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Safe: the system reads no more than the bytes.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Reads messages until the server closes the socket, and then ends the process.
    ///
    /// - Parameter take: Takes a message.
    package func read(_ take: (JSON) -> Void) -> Never {
        var reader = FrameReader()
        var block = [UInt8](repeating: 0, count: Channel.most)
        while let count = Channel.read(HostConnection.descriptor, into: &block) {
            reader.add(block.prefix(count))
            while let message = try? reader.next() { take(message) }
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
