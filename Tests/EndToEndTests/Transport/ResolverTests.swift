// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

@testable import ServerHTTP

@Suite("Names that resolve slowly hold up nothing else", .timeLimit(.minutes(10)))
struct ResolverTests {
    /// A name service that responds when a test lets it.
    private final class Names: Sendable {
        private let state = Mutex<(asked: [String], open: Int)>(([], 0))
        let isSlow: @Sendable (String) -> Bool

        init(slow: @escaping @Sendable (String) -> Bool) { isSlow = slow }

        var asked: [String] { state.withLock { $0.asked } }
        /// Lets a number of hanging lookups continue.
        func letGo(_ count: Int = 1_000_000) { state.withLock { $0.open = count } }

        private func isHeld() -> Bool {
            state.withLock { state in
                guard state.open > 0 else { return true }
                state.open -= 1
                return false
            }
        }

        func lookUp(_ host: String) throws -> [String] {
            state.withLock { $0.asked.append(host) }
            while isSlow(host), isHeld() { usleep(1000) }
            if host.hasPrefix("no") { throw OutboundError("'\(host)' cannot be resolved") }
            return ["192.0.2.1"]
        }
    }

    private static func resolver(
        _ names: Names, share: Int = 6, longest: Int = 50, skip: @escaping @Sendable () -> Duration = { .zero }
    ) -> OutboundResolver {
        let start = ContinuousClock.now
        return OutboundResolver(threads: 8, share: share, longest: longest, now: { start + skip() }) {
            try names.lookUp($0)
        }
    }

    private static func eventually(_ isTrue: () -> Bool) async throws {
        for _ in 0..<4000 where !isTrue() { try await Task.sleep(for: .milliseconds(2)) }
        #expect(isTrue())
    }

    @Test("a request ends at its time limit, although the lookup cannot be cancelled")
    func limit() async throws {
        let names = Names { _ in true }
        defer { names.letGo() }
        let client = OutboundClient(
            OutboundSettings(OutboundNetworks()), limit: .milliseconds(300), resolver: ResolverTests.resolver(names))
        let problem = await #expect(throws: OutboundError.self) {
            try await client.send(OutboundRequest("GET", "https://slow.example/"))
        }
        // The name is still being looked up; waiting for that would take until the end of the test.
        #expect(problem?.description.contains("no response within") == true && names.asked == ["slow.example"])
    }

    @Test("a thousand requests for one name share one lookup")
    func shared() async throws {
        let names = Names { _ in true }
        let resolver = ResolverTests.resolver(names)
        let all = Task {
            try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<1000 { group.addTask { try await resolver.addresses(of: "one.example") } }
                return try await group.reduce(into: 0) { count, found in count += found == ["192.0.2.1"] ? 1 : 0 }
            }
        }
        try await ResolverTests.eventually { names.asked.count == 1 }
        try await Task.sleep(for: .milliseconds(100))
        names.letGo()
        #expect(try await all.value == 1000)
        #expect(names.asked.count <= 2, "those that come after it are asked for anew")
    }

    @Test("names below one domain leave threads for other names, however many they are")
    func fair() async throws {
        let names = Names { $0.hasSuffix(".evil.example") || $0.hasSuffix(".EVIL.example") }
        let resolver = ResolverTests.resolver(names)
        let slow = (0..<40).map { number in
            Task { try await resolver.addresses(of: "a\(number).\(number % 2 == 0 ? "evil" : "EVIL").example") }
        }
        try await ResolverTests.eventually { names.asked.count == 6 }
        for number in 0..<20 {
            #expect(try await resolver.addresses(of: "good\(number).other.test") == ["192.0.2.1"])
        }
        #expect(names.asked.count { $0.lowercased().hasSuffix("evil.example") } == 6)
        names.letGo()
        for task in slow { #expect(try await task.value == ["192.0.2.1"]) }
    }

    @Test(
        "the next name is the one whose domain has the fewest threads, even if many share the domain above",
        arguments: ["co.uk", "svc.cluster.local", "internal", "x.y.z.example"])
    func shared(_ suffix: String) async throws {
        let names = Names { _ in true }
        let resolver = ResolverTests.resolver(names, share: 8)
        let hanging = (0..<20).map { number in
            Task { try await resolver.addresses(of: "a\(number).evil.\(suffix)") }
        }
        try await ResolverTests.eventually { names.asked.count == 8 && resolver.waiting == 12 }
        let good = Task { try await resolver.addresses(of: "www.good.\(suffix)") }
        try await ResolverTests.eventually { resolver.waiting == 13 }
        // One thread is free again; of the 13 waiting names, the last one is next.
        names.letGo(1)
        try await ResolverTests.eventually { names.asked.count == 9 }
        #expect(names.asked.last == "www.good.\(suffix)")
        names.letGo()
        for task in hanging + [good] { #expect(try await task.value == ["192.0.2.1"]) }
    }

    @Test("a name that was resolved within the last hour does not wait, whatever else hangs")
    func known() async throws {
        let names = Names { $0.hasPrefix("hangs") }
        let skipped = Mutex(Duration.zero)
        let resolver = ResolverTests.resolver(names) { skipped.withLock { $0 } }
        for host in ["www.good.test", "b.shared.example"] {
            #expect(try await resolver.addresses(of: host) == ["192.0.2.1"])
        }
        await #expect(throws: OutboundError.self) { try await resolver.addresses(of: "no.good.test") }
        let hanging = (0..<20).map { number in
            Task { try await resolver.addresses(of: "hangs\(number).\(number < 10 ? "shared" : "evil").example") }
        }
        try await ResolverTests.eventually { names.asked.count == 11 && resolver.waiting == 12 }
        for host in ["www.good.test", "b.shared.example"] {
            #expect(try await resolver.addresses(of: host) == ["192.0.2.1"])
        }
        #expect(names.asked.count == 11, "its former addresses are taken")
        skipped.withLock { $0 = .seconds(3601) }
        let late = ["www.good.test", "no.good.test"].map { host in Task { try await resolver.addresses(of: host) } }
        try await ResolverTests.eventually { resolver.waiting == 14 }
        names.letGo()
        #expect(try await late[0].value == ["192.0.2.1"])
        await #expect(throws: OutboundError.self) { try await late[1].value }
        for task in hanging { #expect(try await task.value == ["192.0.2.1"]) }
    }

    @Test("threads and the queue are limited, excess requests are refused, and cancelled ones make room")
    func bounded() async throws {
        let names = Names { _ in true }
        let resolver = ResolverTests.resolver(names, longest: 5)
        func ask(_ name: String) -> Task<[String], any Error> { Task { try await resolver.addresses(of: name) } }
        let running = (0..<8).map { ask("a.b\($0)") }
        try await ResolverTests.eventually { names.asked.count == 8 }
        let waiting = (0..<5).map { ask("a.c\($0)") }
        try await ResolverTests.eventually { resolver.waiting == 5 }
        let problem = await #expect(throws: OutboundError.self) { try await resolver.addresses(of: "a.d") }
        #expect(problem?.description.contains("too many names") == true)
        #expect(try await resolver.addresses(of: "192.0.2.7") == ["192.0.2.7"], "an address needs no look-up")
        for task in waiting { task.cancel() }
        for task in waiting { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(resolver.waiting == 0)
        let late = ask("a.e")
        try await ResolverTests.eventually { resolver.waiting == 1 }
        names.letGo()
        for task in running + [late] { #expect(try await task.value == ["192.0.2.1"]) }
        #expect(!names.asked.contains { $0.hasPrefix("a.c") }, "what nobody waits for is not looked up")
    }

    @Test("an error reaches all waiting requests, and the next one tries again")
    func errors() async throws {
        let names = Names { _ in false }
        let resolver = ResolverTests.resolver(names)
        for _ in 0..<3 {
            await #expect(throws: OutboundError.self) { try await resolver.addresses(of: "no.example") }
        }
        #expect(names.asked.count == 3)
    }

    @Test("whenever requests are cancelled, none is lost or answered twice", arguments: 0..<20)
    func races(_ round: Int) async throws {
        let names = Names { _ in false }
        let resolver = ResolverTests.resolver(names)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                let task = Task { try await resolver.addresses(of: "n\(number % 7).example") }
                group.addTask {
                    for _ in 0..<(number * round % 11) { await Task.yield() }
                    if number % 3 == 0 { task.cancel() }
                    _ = try? await task.value
                }
            }
        }
        #expect(resolver.waiting == 0)
        #expect(try await resolver.addresses(of: "last.example") == ["192.0.2.1"])
    }
}
