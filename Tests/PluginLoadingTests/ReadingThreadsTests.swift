// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@testable import PluginProcesses

@Suite("The threads that read in a plugin's process", .timeLimit(.minutes(10)))
struct ReadingThreadsTests {
    /// Both ends of a socket, one of which threads read.
    private struct Pair {
        let threads: ReadingThreads
        private let server: Int32

        /// Opens the socket; it stays open, since the threads end their process when it is closed.
        init() {
            var ends: [Int32] = [0, 0]
            // Safe: the array has room for both descriptors.
            _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            server = ends[0]
            threads = ReadingThreads(of: ends[1])
        }

        func start(_ take: @escaping @Sendable (JSON) -> Void) {
            let threads = threads
            Thread.detachNewThread { threads.run(take) }
        }

        func send(_ numbers: some Sequence<Int>) throws {
            let bytes = try numbers.flatMap { try Frame.bytes(["n": .integer(Int64($0))]) }
            var outgoing = Outgoing()
            _ = outgoing.send(bytes, to: server)
            while !outgoing.isEmpty { _ = outgoing.flush(to: server) }
        }
    }

    private final class Seen: Sendable {
        let numbers = Mutex<[Int64]>([])

        func add(_ message: JSON) {
            numbers.withLock { $0.append(message["n"]?.integer ?? 0) }
        }

        func has(_ count: Int) async throws -> Bool {
            try await Patience.wait { numbers.withLock { $0.count == count } }
        }
    }

    @Test("messages are handled one after the other, in order")
    func order() async throws {
        let (pair, seen) = (Pair(), Seen())
        pair.start(seen.add)
        try pair.send(0..<5000)
        #expect(try await seen.has(5000))
        #expect(seen.numbers.withLock { $0 } == Array(0..<5000))
    }

    @Test("while one message keeps its thread, another thread reads the rest, and the first one is used again")
    func takesOver() async throws {
        let (pair, seen, gate) = (Pair(), Seen(), DispatchSemaphore(value: 0))
        pair.start { message in
            if message["n"] == 0 { gate.wait() }
            seen.add(message)
        }
        for round in 1...20 {
            try pair.send([0, round])
            #expect(try await seen.has(2 * round - 1))
            gate.signal()
            #expect(try await seen.has(2 * round))
        }
    }

    @Test("a message that waits for a later one lets another thread read at once")
    func leaves() async throws {
        let (pair, seen, gate) = (Pair(), Seen(), DispatchSemaphore(value: 0))
        let threads = pair.threads
        pair.start { message in
            if message["n"] == 0 {
                threads.leave()
                gate.wait()
            } else {
                gate.signal()
            }
            seen.add(message)
        }
        for round in 1...200 {
            try pair.send([0, 1])
            #expect(try await seen.has(2 * round))
        }
    }

    @Test("when messages keep all threads, the one that is left may run no calls, and still reads")
    func exhausted() async throws {
        let (pair, seen, gate) = (Pair(), Seen(), DispatchSemaphore(value: 0))
        let threads = pair.threads
        pair.start { message in
            if threads.mayRunCalls { gate.wait() }
            seen.add(message)
        }
        try pair.send(0..<100)
        #expect(try await Patience.wait { seen.numbers.withLock { $0.count > 60 } })
        for _ in 0..<100 { gate.signal() }
        #expect(try await seen.has(100))
    }

    @Test("a thread that stands by looks no more once nothing was read for a while, and takes over again later")
    func rests() async throws {
        let (pair, seen, gate) = (Pair(), Seen(), DispatchSemaphore(value: 0))
        pair.start { message in
            if message["n"] == 2 { gate.wait() }
            seen.add(message)
        }
        try pair.send([1])
        #expect(try await seen.has(1))
        #expect(try await Patience.wait { pair.threads.isResting })
        try pair.send([2, 3])
        #expect(try await seen.has(2))
        gate.signal()
        #expect(try await seen.has(3))
    }
}
