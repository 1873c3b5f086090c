// SPDX-License-Identifier: Apache-2.0

import Support
import Synchronization
import Testing

@testable import Logout

@Suite("Browsers that wait for logout tokens", .timeLimit(.minutes(10)))
struct DeliveriesTests {
    /// The number of browsers that have begun to end the session.
    private final class Begun: Sendable {
        private let count = Mutex(0)

        func both() async throws {
            count.withLock { $0 += 1 }
            try await Patience.wait { count.withLock { $0 } == 2 }
        }
    }

    /// Ends one session by two browsers at once, each of which causes a logout token.
    private static func endTwice(
        _ deliveries: Deliveries, then next: @escaping @Sendable (String) -> Void = { _ in },
        beside other: @escaping @Sendable () async throws -> Void = {}
    ) async throws {
        let begun = Begun()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in ["a", "b"] {
                group.addTask {
                    try await deliveries.awaiting("session") {
                        try await begun.both()
                        deliveries.expect(id, of: "session")
                        next(id)
                    }
                }
            }
            group.addTask { try await other() }
            try await group.waitForAll()
        }
    }

    @Test("leave nothing if another node sends one of the tokens, also if two of them end one session")
    func elsewhere() async throws {
        let deliveries = Deliveries(upTo: .milliseconds(100))
        try await Self.endTwice(deliveries, then: { if $0 == "a" { deliveries.end($0) } })
        #expect(deliveries.kept == 0)
    }

    @Test("continue once all tokens of their session have been sent")
    func sent() async throws {
        let deliveries = Deliveries(upTo: .seconds(3600))
        try await Self.endTwice(
            deliveries,
            beside: {
                // One session and two tokens.
                try await Patience.wait { deliveries.kept == 3 }
                for id in ["a", "b"] { deliveries.end(id) }
            })
        #expect(deliveries.kept == 0)
    }

    @Test("leave nothing if the session cannot be ended, and nothing is kept while no browser waits")
    func failed() async throws {
        struct Failure: Error {}
        let deliveries = Deliveries(upTo: .seconds(3600))
        await #expect(throws: Failure.self) {
            try await deliveries.awaiting("session") {
                deliveries.expect("a", of: "session")
                throw Failure()
            }
        }
        deliveries.expect("b", of: "session")
        #expect(deliveries.kept == 0)
    }
}
