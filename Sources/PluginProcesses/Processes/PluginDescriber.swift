// SPDX-License-Identifier: Apache-2.0

import Glibc
package import GrantKit

/// Asks a program for its description, with every host call refused.
package enum PluginDescriber {
    /// A call of a program that is not started for requests.
    private struct Call {
        let number: UInt64
        let function: String
        let input: JSON

        /// What the program should do, for messages.
        var purpose: String { function == "describe" ? "describe itself" : "answer the call '\(function)'" }
    }

    /// Starts the program, asks it to describe itself, and ends it.
    ///
    /// It blocks the thread, as loading a library does.
    ///
    /// - Parameter program: The program.
    /// - Returns: The description.
    /// - Throws: `PluginStartError`.
    package static func describe(_ program: PluginProgram) throws -> JSON {
        try output(of: [Call(number: 1, function: "describe", input: program.question)], program)
    }

    /// Starts the program, asks it to describe itself, calls a function that belongs to no role, and ends the program.
    ///
    /// It blocks the thread.
    ///
    /// - Returns: The output of the function.
    /// - Throws: `PluginStartError`.
    static func output(of function: String, _ input: JSON, _ program: PluginProgram) throws -> JSON {
        let describe = Call(number: 1, function: "describe", input: program.question)
        return try output(of: [describe, Call(number: 2, function: function, input: input)], program)
    }

    /// The output of the last call.
    private static func output(of calls: [Call], _ program: PluginProgram) throws -> JSON {
        // Its errors are all of one type, since commands show them.
        var child = try ChildProcess(program)
        var printed = OutputLines()
        var lines: [String] = []
        do {
            var output = JSON.null
            for call in calls { output = try ask(call, of: child, within: program.limits.start, &printed, &lines) }
            _ = child.end()
            return output
        } catch {
            _ = child.end()
            lines += printed.end()
            let shown = lines.suffix(3).map { String(Substring($0.utf8.drop { $0 == 0x20 })) }.joined(separator: " / ")
            throw PluginStartError("\(error)" + (shown.isEmpty ? "" : "; it printed: \(shown)"))
        }
    }

    private static func ask(
        _ call: Call, of child: borrowing ChildProcess, within limit: Duration, _ printed: inout OutputLines,
        _ lines: inout [String]
    ) throws -> JSON {
        let end = ContinuousClock.now + limit
        let frame = try Frame.bytes(
            ServerMessage.call(call.number, call.function, role: nil, call.input, within: limit, at: nil))
        var outgoing = Outgoing()
        var reader = FrameReader(largest: Frame.largestAnswer)
        var block = [UInt8](repeating: 0, count: Channel.most)
        var isPrinting = true
        guard outgoing.send(frame, to: child.socket) else { throw PluginStartError("it closed its socket") }
        while case let left = end - ContinuousClock.now, left > .zero {
            var polls = [
                pollfd(fd: child.socket, events: Int16(POLLIN | (outgoing.isEmpty ? 0 : POLLOUT)), revents: 0),
                // The system skips a negative number.
                pollfd(fd: isPrinting ? child.output : -1, events: Int16(POLLIN), revents: 0),
            ]
            Channel.wait(for: &polls, milliseconds: left.milliseconds + 1)
            if polls[1].revents != 0 {
                let count = Channel.read(child.output, into: &block)
                isPrinting = count != nil
                lines = Array((lines + printed.add(block.prefix(count ?? 0))).suffix(3))
            }
            if polls[0].revents & Int16(POLLOUT) != 0 { _ = outgoing.flush(to: child.socket) }
            guard polls[0].revents & ~Int16(POLLOUT) != 0 else { continue }
            guard let count = Channel.read(child.socket, into: &block) else {
                let what = call.number == 1 ? "it described itself" : "it answered the call '\(call.function)'"
                throw PluginStartError("it ended before \(what)")
            }
            reader.add(block.prefix(count))
            while let object = try reader.next() {
                if let output = try answer(to: call, in: object, child, &outgoing) { return output }
            }
        }
        throw PluginStartError("it did not \(call.purpose) within \(limit)")
    }

    /// The output in a message; nil if the message is a host call, which is refused.
    private static func answer(
        to call: Call, in object: JSON, _ child: borrowing ChildProcess, _ outgoing: inout Outgoing
    ) throws -> JSON? {
        switch try PluginMessage(object) {
        case .ask(let question, _):
            let refusal = ServerMessage.refusal(
                question.number, "refused", "host calls are possible only after the start")
            _ = outgoing.send(try Frame.bytes(refusal), to: child.socket)
            guard !outgoing.isFull else { throw PluginStartError("it makes host calls and does not read the replies") }
            return nil
        case .answer(call.number, .output(let output)): return output
        case .answer(call.number, .failure(let what)): throw PluginStartError("it cannot \(call.purpose): \(what)")
        case .answer: throw PluginStartError("it did not answer the call '\(call.function)' with an output")
        }
    }
}
