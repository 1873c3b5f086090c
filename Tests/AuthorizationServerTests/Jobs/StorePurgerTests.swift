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
        let purger: StorePurger
    }

    /// A store with expired records, each batch of which takes some time to remove.
    private static func scene() async throws -> Scene {
        let server = try await Demo.server([.init(CountingStore.self)] + Plugins.all.dropFirst())
        let store = try #require(server.countingStore)
        let purger = StorePurger(server.core)
        for number in 0..<(100 * batches) {
            let key = StoreKey("handle", "old-\(number)")
            _ = try await store.write([.create(StoreRecord(key, [:], expiresAt: Timestamp(seconds: 1_700_000_000)))])
        }
        store.afterPurging { try? await Task.sleep(for: busy) }
        return Scene(server: server, store: store, purger: purger)
    }

    private static func seconds(_ work: () async -> Void) async -> Duration {
        let begin = ContinuousClock.now
        await work()
        return ContinuousClock.now - begin
    }

    @Test("requests have the store to themselves for nine times as long as a batch takes")
    func pauses() async throws {
        let scene = try await Self.scene()
        let taken = await Self.seconds { await scene.purger.round() }
        // Nobody waits after the last one, which finds nothing.
        #expect(taken >= Self.busy * (10 * Self.batches + 1), "\(taken)")
        #expect(scene.server.core.metrics.text.contains("grantor_store_purged_total \(100 * Self.batches)\n"))
    }

    @Test("a purge that has been behind for minutes pauses less, and then not at all")
    func behind() async throws {
        var taken: [Duration] = []
        for minutes in [0, 5, 9] {
            let scene = try await Self.scene()
            scene.server.clock.advance(.seconds(60 * minutes))
            taken.append(await Self.seconds { await scene.purger.round() })
        }
        #expect(taken[0] > taken[1] && taken[1] > taken[2], "\(taken)")
    }

    @Test("a purge ends soon after its task is cancelled, however much is left")
    func cancelled() async throws {
        let scene = try await Self.scene()
        let done = Mutex(0)
        scene.store.afterPurging { done.withLock { $0 += 1 } }
        let task = Task {
            while done.withLock({ $0 }) == 0 { await Task.yield() }
        }
        let purging = Task { await scene.purger.run() }
        await task.value
        purging.cancel()
        await purging.value
        #expect(done.withLock { $0 } < Self.batches)
    }
}
