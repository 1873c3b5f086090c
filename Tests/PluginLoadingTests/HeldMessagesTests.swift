// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PluginProcesses

/// What a plugin's process sends, with the limits of the server, which would end the process beyond them.
@Suite("A library in a process of its own keeps within the limits of the server", .timeLimit(.minutes(10)))
struct HeldMessagesTests {
    /// Sends all messages, and replies to the oldest host call whenever nothing may be sent.
    ///
    /// - Returns: The first byte of each frame in order, and the most host calls and bytes that had no reply.
    private func sendAll(
        _ messages: inout HeldMessages, _ sizes: [UInt64: Int]
    ) -> (sent: [UInt8], calls: Int, bytes: Int) {
        var (sent, most): ([UInt8], (calls: Int, bytes: Int)) = ([], (0, 0))
        var waiting: [UInt64] = []
        var next: UInt64 = 1
        while true {
            while let frame = messages.next() {
                sent.append(frame.first ?? 0)
                guard frame.first == 1 else { continue }
                waiting.append(next)
                next += 1
                most.calls = max(most.calls, waiting.count)
                most.bytes = max(most.bytes, waiting.reduce(0) { $0 + (sizes[$1] ?? 0) })
            }
            guard let oldest = waiting.first else { return (sent, most.calls, most.bytes) }
            messages.noteReply(to: oldest)
            waiting.removeFirst()
        }
    }

    @Test("of a thousand host calls of one call, 64 wait for replies, and the answer comes last")
    func thousand() {
        var messages = HeldMessages()
        var sizes: [UInt64: Int] = [:]
        for number in 1...1000 as ClosedRange<UInt64> {
            messages.add(question: number, for: 5, [1, 2, 3])
            sizes[number] = 3
        }
        messages.add(answerTo: 5, [2])
        let (sent, calls, _) = sendAll(&messages, sizes)
        #expect(calls == IsolatedCall.mostQuestions)
        #expect(sent.count == 1001 && sent.last == 2 && sent.dropLast().allSatisfy { $0 == 1 })
    }

    @Test("the host calls of one call hold up neither those of another nor those that belong to none")
    func lanes() {
        var messages = HeldMessages()
        for number in 1...100 as ClosedRange<UInt64> { messages.add(question: number, for: 5, [1]) }
        messages.add(question: 101, for: 6, [3])
        messages.add(question: 102, for: nil, [4])
        messages.add(answerTo: 6, [5])
        var sent: [UInt8] = []
        while let frame = messages.next() { sent += frame }
        #expect(sent == Array(repeating: 1, count: 64) + [3, 5, 4])
    }

    @Test("large host calls of many calls wait for one another, and one that is larger than the rest is sent alone")
    func bytes() {
        var messages = HeldMessages()
        var sizes: [UInt64: Int] = [:]
        for number in 1...256 as ClosedRange<UInt64> {
            let size = number % 50 == 0 ? Frame.largest : 60_000
            messages.add(question: number, for: number, Array(repeating: 1, count: size))
            sizes[number] = size
        }
        let (sent, calls, bytes) = sendAll(&messages, sizes)
        #expect(sent.count == 256 && calls > 1)
        #expect(bytes <= HeldMessages.mostBytes && bytes <= WaitingBytes.most - Frame.largest)
    }

    @Test("an answer does not wait for large host calls of others", arguments: [nil, 5] as [UInt64?])
    func answers(_ call: UInt64?) {
        var messages = HeldMessages()
        for number in 1...3 as ClosedRange<UInt64> {
            messages.add(question: number, for: call, Array(repeating: 1, count: Frame.largest))
        }
        messages.add(answerTo: 6, [2])
        messages.add(question: 4, for: call == nil ? 7 : nil, [3])
        var sent: [UInt8] = []
        while let frame = messages.next() { sent.append(frame.first ?? 0) }
        #expect(sent == [2] + (call == nil ? [3, 1, 1] : [1, 1, 3]))
        messages.noteReply(to: 1)
        #expect(messages.next()?.count == Frame.largest)
    }

    @Test("a reply that comes twice, or to nothing, changes nothing")
    func strangers() {
        var messages = HeldMessages()
        messages.noteReply(to: 9)
        for number in 1...65 as ClosedRange<UInt64> { messages.add(question: number, for: nil, [1]) }
        var sent = 0
        while messages.next() != nil { sent += 1 }
        #expect(sent == 64)
        for _ in 0..<2 { messages.noteReply(to: 1) }
        #expect(messages.next() != nil)
        #expect(messages.next() == nil)
    }
}
