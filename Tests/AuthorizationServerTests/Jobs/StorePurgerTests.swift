// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

@Suite("Purging expired records")
struct StorePurgerTests {
    private static let batches = 12

    /// How long each of some batches keeps the store busy.
    private static let busy = Duration.milliseconds(20)

    private struct Scene {
        let server: TestServer
        let store: CountingStore
        let clock: JumpingClock
        let purger: StorePurger

        /// How long a round takes.
        func round() async -> Duration {
            let begin = clock.now
            await purger.round()
            return begin.duration(to: clock.now)
        }
    }

    /// A store with expired records, each batch of which takes some time to remove.
    private static func scene() async throws -> Scene {
        let server = try await Demo.server([.init(CountingStore.self)] + Plugins.all.dropFirst())
        let store = try #require(server.countingStore)
        let clock = JumpingClock()
        let purger = StorePurger(server.core, clock: clock)
        for number in 0..<(100 * batches) {
            let key = StoreKey("handle", "old-\(number)")
            _ = try await store.write([.create(StoreRecord(key, [:], expiresAt: Timestamp(seconds: 1_700_000_000)))])
        }
        store.afterPurging { clock.advance(busy) }
        return Scene(server: server, store: store, clock: clock, purger: purger)
    }

    @Test("requests have the store to themselves for nine times as long as a batch takes")
    func pauses() async throws {
        let scene = try await Self.scene()
        // Nobody waits after the last one, which finds nothing.
        #expect(await scene.round() == Self.busy * (10 * Self.batches + 1))
        #expect(scene.server.core.metrics.text.contains("grantor_store_purged_total \(100 * Self.batches)\n"))
    }

    @Test("a purge that has been behind for minutes pauses less, and then not at all")
    func behind() async throws {
        for (minutes, pause) in [(0, 9), (5, 4), (9, 0), (60, 0)] {
            let scene = try await Self.scene()
            scene.server.clock.advance(.seconds(60 * minutes))
            #expect(await scene.round() == Self.busy * ((1 + pause) * Self.batches + 1))
        }
    }

    @Test("a purge ends soon after its task is cancelled, however much is left")
    func cancelled() async throws {
        let scene = try await Self.scene()
        let done = Mutex(0)
        scene.store.afterPurging {
            let count = done.withLock { done in
                done += 1
                return done
            }
            if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        }
        await Task { await scene.purger.run() }.value
        #expect(done.withLock { $0 } == 3)
    }
}

/// A clock that jumps to the end of each sleep.
private final class JumpingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let time = Mutex(ContinuousClock.now)

    var now: Instant { time.withLock { $0 } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func advance(_ duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline) }
    }
}
