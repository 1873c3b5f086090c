// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@testable import PluginProcesses

@Suite("The plugin's end of the socket", .timeLimit(.minutes(10)))
struct HostConnectionTests {
    /// The server's end of a connection.
    private final class Server: Sendable {
        let connection: HostConnection
        private let socket: Int32
        private let reader = Mutex(FrameReader(largest: Frame.largestAnswer))

        /// Opens a socket; it stays open, since the other end would end the process.
        init(_ reply: @escaping @Sendable (HostConnection, JSON) async -> JSON) {
            var ends: [Int32] = [0, 0]
            // Safe: the array has room for both descriptors.
            _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            socket = ends[0]
            let connection = HostConnection(ends[1])
            self.connection = connection
            Thread.detachNewThread {
                connection.read { message in connection.take(message) { await reply(connection, message) } }
            }
        }

        func send(_ message: JSON) throws {
            var outgoing = Outgoing()
            _ = outgoing.send(try Frame.bytes(message), to: socket)
            while !outgoing.isEmpty { _ = outgoing.flush(to: socket) }
        }

        func call(_ number: Int64, _ function: String = "authorize") throws {
            try send(["call": .integer(number), "function": .string(function), "input": [:]])
        }

        /// The next message; it holds up the thread until there is one.
        func receive() throws -> JSON {
            try reader.withLock { reader in
                var block = [UInt8](repeating: 0, count: Channel.most)
                while true {
                    if let message = try reader.next() { return message }
                    var polls = [pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
                    Channel.wait(for: &polls, milliseconds: 60_000)
                    let count = try #require(Channel.read(socket, into: &block))
                    try #require(count > 0, "nothing arrived")
                    reader.add(block.prefix(count))
                }
            }
        }

        /// Makes the call 'start', after which host calls are possible.
        func start() throws {
            try call(0, "start")
            #expect(try receive()["answer"] == 0)
        }
    }

    @Test("a call for which nobody waits is cancelled, and is answered all the same")
    func cancels() async throws {
        let server = Server { _, message in
            guard message["call"] == 1 else { return ["output": .null] }
            do {
                try await Task.sleep(for: .seconds(600))
                return ["output": "it slept"]
            } catch {
                return ["failure": .string("\(error)")]
            }
        }
        try server.start()
        try server.call(1)
        try server.call(2)
        #expect(try server.receive()["answer"] == 2)
        try server.send(["cancel": 3])
        try server.send(["cancel": 1])
        let answer = try server.receive()
        #expect(answer["answer"] == 1 && answer["failure"]?.string == "CancellationError()")
    }

    @Test("a call that holds its thread until the reply to a host call gets the reply")
    func asksWaiting() async throws {
        let server = Server { connection, message in
            guard message["function"] == "authorize" else { return ["output": .null] }
            let output = try? connection.askWaiting("digest", ["text": "x"])
            return ["output": output ?? "refused"]
        }
        try server.start()
        for number in 1...50 as ClosedRange<Int64> {
            try server.call(number)
            let question = try server.receive()
            #expect(question["for"] == .integer(number) && question["function"] == "digest")
            try server.send(["reply": question["ask"] ?? 0, "output": .integer(number)])
            let answer = try server.receive()
            #expect(answer == ["output": .integer(number), "answer": .integer(number)])
        }
    }

    @Test("no host call of a task that outlives its call follows the answer as one of the call")
    func outlives() async throws {
        let server = Server { connection, message in
            guard message["function"] == "authorize" else { return ["output": .null] }
            Task { _ = try? await connection.ask("log", [:]) }
            return ["output": .null]
        }
        try server.start()
        for number in 1...1000 as ClosedRange<Int64> { try server.call(number) }
        var answered: Set<Int64> = []
        var asked = 0
        while answered.count < 1000 || asked < 1000 {
            let message = try server.receive()
            if let answer = message["answer"]?.integer { answered.insert(answer) }
            guard let question = message["ask"] else { continue }
            asked += 1
            if let call = message["for"]?.integer { #expect(!answered.contains(call)) }
            try server.send(["reply": question, "output": .null])
        }
    }

    @Test("lines beyond a number that wait are dropped, and so neither memory nor the server is filled")
    func drops() async throws {
        let server = Server { connection, message in
            guard message["function"] == "authorize" else { return ["output": .null] }
            for _ in 0..<20_000 { _ = connection.tell("log", ["message": "a line"]) }
            return ["output": .null]
        }
        try server.start()
        try server.call(1)
        var asked = 0
        while true {
            let message = try server.receive()
            guard let question = message["ask"] else { break }
            asked += 1
            try server.send(["reply": question, "output": .null])
        }
        #expect(asked >= 64 && asked < 20_000, "\(asked)")
    }

    @Test("an answer that is too large or too deep is a failure of its call", arguments: [true, false])
    func unsendable(_ isLarge: Bool) async throws {
        let server = Server { _, message in
            guard message["call"] == 1 else { return ["output": .null] }
            let deep: JSON = (0..<70).reduce([:]) { value, _ in ["in": value] }
            return ["output": isLarge ? .string(String(repeating: "x", count: Frame.largestAnswer)) : deep]
        }
        try server.start()
        try server.call(1)
        let answer = try server.receive()
        #expect(answer["answer"] == 1 && answer["failure"]?.string?.contains("the answer cannot be sent") == true)
        try server.call(2)
        #expect(try server.receive()["answer"] == 2)
    }
}
