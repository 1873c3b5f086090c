// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets browsers wait for the delivery of logout tokens, so that a client has usually been notified when the browser
/// arrives at its page for signed-out users.
///
/// The tokens to send are in the store, so a process that ends while a browser waits loses nothing.
final class Deliveries: Sendable {
    private let limit: Duration
    private let waits = Mutex<[String: Wait]>([:])

    /// - Parameter limit: The longest time that a browser waits.
    init(upTo limit: Duration) {
        self.limit = limit
    }

    /// Runs a change and waits for the first attempt to send each of its logout tokens.
    func awaiting(_ change: () async throws -> Void) async throws {
        guard limit > .zero else { return try await change() }
        let wait = Wait()
        defer { forget(wait) }
        try await Wait.$current.withValue(wait) { try await change() }
        await wait.isOver(within: limit)
    }

    /// Makes the browser of this task wait for a logout token.
    func expect(_ id: String) {
        guard let wait = Wait.current else { return }
        wait.add(id)
        waits.withLock { $0[id] = wait }
    }

    /// Records that an attempt to send a logout token has ended.
    func end(_ id: String) {
        waits.withLock { $0.removeValue(forKey: id) }?.remove(id)
    }

    private func forget(_ wait: Wait) {
        let left = wait.left
        waits.withLock { waits in for id in left { waits[id] = nil } }
    }
}

/// The logout tokens that one browser waits for.
private final class Wait: Sendable {
    @TaskLocal static var current: Wait?

    private let open = Mutex<Set<String>>([])
    private let ended = AsyncStream<Void>.makeStream()

    var left: Set<String> { open.withLock { $0 } }

    func add(_ id: String) { open.withLock { _ = $0.insert(id) } }

    func remove(_ id: String) {
        let isLast = open.withLock { open in
            open.remove(id)
            return open.isEmpty
        }
        if isLast { ended.continuation.finish() }
    }

    func isOver(within limit: Duration) async {
        guard !left.isEmpty else { return }
        let clock = Task { [ended] in
            try? await Task.sleep(for: limit)
            ended.continuation.finish()
        }
        for await _ in ended.stream {}
        clock.cancel()
    }
}
