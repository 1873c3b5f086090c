// SPDX-License-Identifier: Apache-2.0

/// What a plugin's process has to send, in order, and without more host calls than the server takes at once.
///
/// A library that makes a thousand host calls at once knows nothing of the server's limits, beyond which it would be
/// ended. So the rest waits here for replies.
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
        var asked = 0
        var held = Line<Message>()

        /// The next message that may be sent.
        mutating func next() -> Message? {
            guard let first = held.first, first.question == nil || asked < HeldMessages.most else { return nil }
            if first.question != nil { asked += 1 }
            return held.popFirst()
        }
    }

    private var lanes: [UInt64?: Lane] = [:]
    /// What waits for nothing but its turn, and until there is room for its bytes.
    private var ready = Line<Message>()
    /// The host calls that have no reply yet.
    private var asked: [UInt64: (call: UInt64?, bytes: Int)] = [:]
    private var bytes = 0

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
        while let message = lane.next() { ready.append(message) }
        if lane.asked > 0 || lane.held.first != nil { lanes[call] = lane }
    }

    /// Notes that a host call has its reply.
    mutating func noteReply(to question: UInt64) {
        guard let (call, size) = asked.removeValue(forKey: question) else { return }
        bytes -= size
        lanes[call]?.asked -= 1
        move(call)
    }

    /// The next frame to send; nil if there is none, or it has to wait for a reply.
    mutating func next() -> [UInt8]? {
        guard let first = ready.first else { return nil }
        if let question = first.question {
            guard bytes == 0 || bytes + first.frame.count <= HeldMessages.mostBytes else { return nil }
            bytes += first.frame.count
            asked[question] = (first.call, first.frame.count)
        }
        return ready.popFirst()?.frame
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
