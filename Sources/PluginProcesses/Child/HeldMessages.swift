// SPDX-License-Identifier: Apache-2.0

/// What a plugin's process has to send, in order, and without more host calls than the server takes at once.
///
/// A library that makes a thousand host calls at once knows nothing of the server's limits, beyond which it would be
/// ended. So the rest waits here for replies. An answer waits only for the host calls of its own call.
struct HeldMessages {
    /// The most host calls of one call, or of none, that have no reply yet.
    static let most = min(IsolatedCall.mostQuestions, OwnHostCalls.most)
    /// The most bytes of host calls that have no reply yet: half of what the server takes, since it counts a host call
    /// until a moment after its reply.
    static let mostBytes = WaitingBytes.most / 2

    private struct Message {
        /// The number of the host call; nil for an answer.
        let question: UInt64?
        let call: UInt64?
        let frame: [UInt8]
    }

    /// The host calls of one call of the server, or of none.
    private struct Lane {
        /// The host calls that have no reply yet.
        var asked = 0
        /// Those of them that have not been sent, because there is no room for their bytes.
        var unsent = 0
        var held = Line<Message>()

        /// The next message that need not wait for others of this lane.
        mutating func next() -> Message? {
            guard let first = held.first else { return nil }
            guard first.question != nil else { return unsent == 0 ? held.popFirst() : nil }
            guard asked < HeldMessages.most else { return nil }
            (asked, unsent) = (asked + 1, unsent + 1)
            return held.popFirst()
        }
    }

    /// The host calls that share a number of bytes.
    private struct Room {
        var ready = Line<Message>()
        /// The bytes of those that were sent and have no reply yet.
        var bytes = 0

        /// The next host call for whose bytes there is room; one that is larger than that is sent alone.
        mutating func next() -> Message? {
            guard let first = ready.first,
                bytes == 0 || bytes + first.frame.count <= HeldMessages.mostBytes
            else { return nil }
            bytes += first.frame.count
            return ready.popFirst()
        }
    }

    private var lanes: [UInt64?: Lane] = [:]
    private var answers = Line<Message>()
    /// As in the server, the host calls that belong to no call have room of their own: a receiver that hangs must not
    /// hold up calls.
    private var (ofCalls, ofNone) = (Room(), Room())
    /// The host calls that were sent and have no reply yet.
    private var asked: [UInt64: (call: UInt64?, bytes: Int)] = [:]

    /// Adds a host call.
    mutating func add(question: UInt64, for call: UInt64?, _ frame: [UInt8]) {
        add(Message(question: question, call: call, frame: frame))
    }

    /// Adds the answer to a call, behind the host calls that belong to it.
    mutating func add(answerTo call: UInt64, _ frame: [UInt8]) {
        add(Message(question: nil, call: call, frame: frame))
    }

    private mutating func add(_ message: Message) {
        lanes[message.call, default: Lane()].held.append(message)
        move(message.call)
    }

    private mutating func move(_ call: UInt64?) {
        guard var lane = lanes.removeValue(forKey: call) else { return }
        while let message = lane.next() {
            if message.question == nil {
                answers.append(message)
            } else if call == nil {
                ofNone.ready.append(message)
            } else {
                ofCalls.ready.append(message)
            }
        }
        if lane.asked > 0 || lane.held.first != nil { lanes[call] = lane }
    }

    /// Notes that a host call has its reply.
    mutating func noteReply(to question: UInt64) {
        guard let (call, size) = asked.removeValue(forKey: question) else { return }
        if call == nil { ofNone.bytes -= size } else { ofCalls.bytes -= size }
        lanes[call]?.asked -= 1
        move(call)
    }

    /// The next frame to send; nil if there is none, or each has to wait for a reply.
    mutating func next() -> [UInt8]? {
        if let answer = answers.popFirst() { return answer.frame }
        guard let message = ofCalls.next() ?? ofNone.next() else { return nil }
        if let question = message.question { asked[question] = (message.call, message.frame.count) }
        lanes[message.call]?.unsent -= 1
        move(message.call)
        return message.frame
    }
}

/// A queue whose first element is taken without moving the others.
private struct Line<Element> {
    private var elements: [Element] = []
    private var start = 0

    var first: Element? { start < elements.count ? elements[start] : nil }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard let first else { return nil }
        start += 1
        if start > elements.count / 2 {
            elements.removeSubrange(..<start)
            start = 0
        }
        return first
    }
}
