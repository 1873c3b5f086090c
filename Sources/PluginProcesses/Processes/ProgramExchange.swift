// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit

/// Calls of a program that is not started for requests: it is asked one after the other, with every host call refused.
struct ProgramExchange: ~Copyable {
    /// A call.
    struct Call {
        let number: UInt64
        let function: String
        let input: JSON

        static func describe(_ program: PluginProgram) -> Call {
            Call(number: 1, function: "describe", input: program.question)
        }

        /// What the program should do, and what it has done, for messages.
        var deed: (asked: String, done: String) {
            guard function != "describe" else { return ("describe itself", "it described itself") }
            return ("answer the call '\(function)'", "it answered the call '\(function)'")
        }
    }

    private var child: ChildProcess
    private let limit: Duration
    private var outgoing = Outgoing()
    private var reader = FrameReader(largest: Frame.largestAnswer)
    private var block = [UInt8](repeating: 0, count: Channel.most)
    private var printed = OutputLines()
    private var lines: [String] = []
    private var isPrinting = true

    /// Starts a program.
    ///
    /// - Throws: `PluginStartError`.
    init(_ program: PluginProgram) throws {
        child = try ChildProcess(program)
        limit = program.limits.start
    }

    /// Ends the program.
    ///
    /// - Returns: The last lines that it printed.
    mutating func end() -> [String] {
        _ = child.end()
        lines += printed.end()
        return lines.suffix(3)
    }

    /// Makes a call and waits for its output.
    ///
    /// - Throws: `PluginStartError`, `FrameError`, `FormError`.
    mutating func output(of call: Call) throws -> JSON {
        let end = ContinuousClock.now + limit
        let message = ServerMessage.call(call.number, call.function, role: nil, call.input, within: limit, at: nil)
        guard outgoing.send(try Frame.bytes(message), to: child.socket) else {
            throw PluginStartError("it closed its socket")
        }
        while case let left = end - ContinuousClock.now, left > .zero {
            // More may have arrived with the answer to the former call.
            while let object = try reader.next() {
                if let output = try output(of: call, in: object) { return output }
            }
            try receive(for: call, within: left)
        }
        throw PluginStartError("it did not \(call.deed.asked) within \(limit)")
    }

    /// Waits until something arrives or can be sent.
    private mutating func receive(for call: Call, within left: Duration) throws {
        var polls = [
            pollfd(fd: child.socket, events: Int16(POLLIN | (outgoing.isEmpty ? 0 : POLLOUT)), revents: 0),
            // The system skips a negative number.
            pollfd(fd: isPrinting ? child.output : -1, events: Int16(POLLIN), revents: 0),
        ]
        Channel.wait(for: &polls, milliseconds: left.milliseconds + 1)
        if polls[1].revents != 0 { readPrinted() }
        if polls[0].revents & Int16(POLLOUT) != 0 { _ = outgoing.flush(to: child.socket) }
        guard polls[0].revents & ~Int16(POLLOUT) != 0 else { return }
        guard let count = Channel.read(child.socket, into: &block) else {
            throw PluginStartError("it ended before \(call.deed.done)")
        }
        reader.add(block.prefix(count))
    }

    private mutating func readPrinted() {
        let count = Channel.read(child.output, into: &block)
        isPrinting = count != nil
        lines = Array((lines + printed.add(block.prefix(count ?? 0))).suffix(3))
    }

    /// The output in a message; nil if the message is a host call, which is refused.
    private mutating func output(of call: Call, in object: JSON) throws -> JSON? {
        switch try PluginMessage(object) {
        case .ask(let question, _):
            let refusal = ServerMessage.refusal(question.number, "refused", PluginProcess.tooEarly)
            _ = outgoing.send(try Frame.bytes(refusal), to: child.socket)
            guard !outgoing.isFull else { throw PluginStartError("it makes host calls and does not read the replies") }
            return nil
        case .answer(call.number, .output(let output)): return output
        case .answer(call.number, .failure(let what)):
            throw PluginStartError("it cannot \(call.deed.asked): \(what)")
        case .answer: throw PluginStartError("it did not answer the call '\(call.function)' with an output")
        }
    }
}
