// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import Synchronization
import Testing

@Suite("Slow hashes of one kind leave a share for the other kind", .timeLimit(.minutes(10)))
struct HashingShareTests {
    /// A pool whose only thread is blocked, and a record of what it computes afterwards.
    private final class Held: Sendable {
        let pool = HashingPool(threads: 1)
        private let door = DispatchSemaphore(value: 0)
        private let finished = Mutex<[String]>([])
        private let isHeld = Atomic(false)

        var order: [String] { finished.withLock { $0 } }

        func hold() async throws {
            _ = try await pool.run(from: nil) { [self] in
                isHeld.store(true, ordering: .releasing)
                door.wait()
            }
        }

        /// Waits until the blocking job runs; having a place is not enough, since others could run before it.
        func untilHeld() async throws {
            while !isHeld.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
        }

        func open() { door.signal() }

        /// Returns whether the hash found a place.
        func compute(_ name: String, _ purpose: HashingPool.Purpose, from address: String) async -> Bool {
            do {
                try await pool.run(purpose, from: address) { [self] in finished.withLock { $0.append(name) } }
                return true
            } catch { return false }
        }

        func reach(_ count: Int) async throws {
            while pool.waiting != count { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    private func purpose(_ kind: String, _ number: Int) -> HashingPool.Purpose {
        kind == "password" ? .password : .clientSecret("client \(number)")
    }

    @Test(
        "when one kind fills all its slots from many addresses, the other kind gets every second turn",
        arguments: [(flood: "client", other: "password"), (flood: "password", other: "client")])
    func turns(_ kinds: (flood: String, other: String)) async throws {
        let held = Held()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Even if something fails, so that the test ends.
            defer { held.open() }
            group.addTask { try await held.hold() }
            try await held.untilHeld()
            for number in 0..<100 {
                group.addTask {
                    _ = await held.compute("flood", purpose(kinds.flood, number), from: "192.0.2.\(number)")
                }
            }
            try await held.reach(33)
            for number in 0..<8 {
                group.addTask {
                    let isTaken = await held.compute("other", purpose(kinds.other, number), from: "198.51.100.7")
                    #expect(isTaken)
                }
            }
            try await held.reach(41)
            held.open()
            try await group.waitForAll()
        }
        let places = held.order.enumerated().filter { $0.element == "other" }.map(\.offset)
        #expect(places.count == 8 && held.order.count == 40)
        for (number, place) in places.enumerated() { #expect(place <= 2 * number + 1, "\(held.order)") }
    }

    /// Floods: their purpose, and the number of addresses that they come from.
    static let floods: [(what: String, purpose: @Sendable (Int) -> HashingPool.Purpose, addresses: Int)] = [
        ("secrets of one client from many addresses", { _ in .clientSecret("app") }, 200),
        ("secrets of many clients from one address", { .clientSecret("app \($0)") }, 1),
        ("passwords from one address", { _ in .password }, 1),
    ]

    @Test("one client or one address takes at most eight slots and leaves the rest to others", arguments: floods)
    func holders(
        _ flood: (what: String, purpose: @Sendable (Int) -> HashingPool.Purpose, addresses: Int)
    ) async throws {
        let held = Held()
        try await withThrowingTaskGroup(of: Bool?.self) { group in
            defer { held.open() }
            group.addTask {
                try await held.hold()
                return nil
            }
            try await held.untilHeld()
            for number in 0..<100 {
                group.addTask {
                    await held.compute("flood", flood.purpose(number), from: "192.0.2.\(number % flood.addresses)")
                }
            }
            for _ in 0..<92 {
                let isTaken = try await group.next() ?? nil
                #expect(isTaken == false, "\(flood.what)")
            }
            try await held.reach(9)
            for number in 0..<8 {
                group.addTask { await held.compute("other", .clientSecret("other"), from: "198.51.100.\(number)") }
                group.addTask { await held.compute("other", .password, from: "203.0.113.\(number)") }
            }
            try await held.reach(25)
            held.open()
            for try await isTaken in group { #expect(isTaken != false) }
        }
        #expect(held.order.filter { $0 == "flood" }.count == 8 && held.order.count == 24)
        #expect(held.pool.waiting == 0)
    }

    @Test("a place that is taken in advance counts like any other, and is free again once nothing refers to it")
    func inAdvance() async throws {
        let pool = HashingPool(threads: 1)
        do {
            let places = try (0..<8).map { _ in try pool.take(.password, from: "192.0.2.1") }
            #expect(throws: HashingPool.Full.self) { try pool.take(.password, from: "192.0.2.1") }
            for place in places {
                for number in 0..<3 { #expect(await pool.run(in: place) { number } == number) }
            }
            #expect(pool.waiting == 8)
            withExtendedLifetime(places) {}
        }
        #expect(pool.waiting == 0)
        #expect(try await pool.run(from: "192.0.2.1") { 7 } == 7)
    }

    @Test("hashes give way to the rest of the server")
    func niceness() async throws {
        let own = getpriority(Int32(PRIO_PROCESS.rawValue), 0)
        let pool = HashingPool(threads: 1)
        for _ in 0..<3 {
            let niceness = try await pool.run(from: nil) { getpriority(Int32(PRIO_PROCESS.rawValue), 0) }
            #expect(niceness == min(own + 5, 19))
        }
        #expect(getpriority(Int32(PRIO_PROCESS.rawValue), 0) == own)
    }

    @Test("after each of a thousand hashes in sequence the pool is empty again, on several threads")
    func emptyAgain() async throws {
        let pool = HashingPool(threads: 3)
        for number in 0..<1000 {
            #expect(try await pool.run(.clientSecret("c"), from: "192.0.2.1") { number } == number)
        }
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<500 { group.addTask { try await pool.run(from: nil) { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 124_750 && pool.waiting == 0)
    }
}
