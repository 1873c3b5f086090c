// SPDX-License-Identifier: Apache-2.0

import Glibc
package import GrantKit

/// Asks a program for its description, with every host call refused.
package enum PluginDescriber {
    /// Starts the program, asks it to describe itself, and ends it.
    ///
    /// It blocks the thread, as loading a library does.
    ///
    /// - Parameter program: The program.
    /// - Returns: The description.
    /// - Throws: `PluginStartError`.
    package static func describe(_ program: PluginProgram) throws -> JSON {
        // Its errors are all of one type, since commands show them.
        var child = try ChildProcess(program)
        var printed = OutputLines()
        var lines: [String] = []
        do {
            let description = try ask(child, program, &printed, &lines)
            _ = child.end()
            return description
        } catch {
            _ = child.end()
            lines += printed.end()
            let shown = lines.suffix(3).map { String(Substring($0.utf8.drop { $0 == 0x20 })) }.joined(separator: " / ")
            throw PluginStartError("\(error)" + (shown.isEmpty ? "" : "; it printed: \(shown)"))
        }
    }

    private static func ask(
        _ child: borrowing ChildProcess, _ program: PluginProgram, _ printed: inout OutputLines, _ lines: inout [String]
    ) throws -> JSON {
        let end = ContinuousClock.now + program.limits.start
        let frame = try Frame.bytes(
            ServerMessage.call(1, "describe", role: nil, program.question, within: program.limits.start, at: nil))
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
                throw PluginStartError("it ended before it described itself")
            }
            reader.add(block.prefix(count))
            while let object = try reader.next() {
                if let description = try answer(in: object, child, &outgoing) { return description }
            }
        }
        throw PluginStartError("it did not describe itself within \(program.limits.start)")
    }

    /// The description in a message; nil if the message is a host call, which is refused.
    private static func answer(
        in object: JSON, _ child: borrowing ChildProcess, _ outgoing: inout Outgoing
    ) throws -> JSON? {
        switch try PluginMessage(object) {
        case .ask(let question, _):
            let refusal = ServerMessage.refusal(question.number, "refused", "a description needs no host calls")
            _ = outgoing.send(try Frame.bytes(refusal), to: child.socket)
            guard !outgoing.isFull else { throw PluginStartError("it makes host calls and does not read the replies") }
            return nil
        case .answer(1, .output(let description)): return description
        case .answer(1, .failure(let what)): throw PluginStartError("it cannot describe itself: \(what)")
        case .answer: throw PluginStartError("it did not answer the call 'describe' with a description")
        }
    }
}
