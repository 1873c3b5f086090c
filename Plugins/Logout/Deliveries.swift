// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Logout tokens that browsers wait for before they are sent on, so that an application has mostly been told when its
/// page for people who have signed out is asked for.
///
/// What has to be sent is in the store: a process that ends while a browser waits loses nothing.
final class Deliveries: Sendable {
    private let limit: Duration
    private let waits = Mutex<[String: Wait]>([:])

    /// - Parameter limit: How long a browser waits at the most.
    init(upTo limit: Duration) {
        self.limit = limit
    }

    /// Waits for what a change has sent, each attempt to its first end.
    func awaiting(_ change: () async throws -> Void) async throws {
        guard limit > .zero else { return try await change() }
        let wait = Wait()
        defer { forget(wait) }
        try await Wait.$current.withValue(wait) { try await change() }
        await wait.isOver(within: limit)
    }

    /// Has the browser of this task wait for a logout token.
    func expect(_ id: String) {
        guard let wait = Wait.current else { return }
        wait.add(id)
        waits.withLock { $0[id] = wait }
    }

    /// An attempt to send a logout token has ended.
    func end(_ id: String) {
        waits.withLock { $0.removeValue(forKey: id) }?.remove(id)
    }

    private func forget(_ wait: Wait) {
        let left = wait.left
        waits.withLock { waits in for id in left { waits[id] = nil } }
    }
}

/// What one browser waits for.
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
