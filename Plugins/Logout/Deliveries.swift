// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets browsers wait for the delivery of logout tokens, so that a client has usually been notified when the browser
/// arrives at its page for signed-out users.
///
/// The tokens to send are in the store, so a process that ends while a browser waits loses nothing.
final class Deliveries: Sendable {
    private struct State {
        /// The browsers that end a session, by session; not by task, which is another one if the plugin has a process of
        /// its own.
        var sessions: [String: [Wait]] = [:]
        /// The browsers that wait for a logout token, by its id.
        var tokens: [String: [Wait]] = [:]
    }

    private let limit: Duration
    private let state = Mutex(State())

    /// - Parameter limit: The longest time that a browser waits.
    init(upTo limit: Duration) {
        self.limit = limit
    }

    /// Ends a session, and waits for the first attempt to send each of its logout tokens.
    func awaiting(_ session: String, _ end: () async throws -> Void) async throws {
        guard limit > .zero else { return try await end() }
        let wait = Wait()
        state.withLock { $0.sessions[session, default: []].append(wait) }
        defer { forget(wait, session) }
        try await end()
        await wait.isOver(within: limit)
    }

    /// Makes the browsers that end a session wait for a logout token.
    func expect(_ id: String, of session: String) {
        let waits = state.withLock { state in
            guard let waits = state.sessions[session] else { return [Wait]() }
            state.tokens[id] = waits
            return waits
        }
        for wait in waits { wait.add(id) }
    }

    /// Records that an attempt to send a logout token has ended.
    func end(_ id: String) {
        for wait in state.withLock({ $0.tokens.removeValue(forKey: id) }) ?? [] { wait.remove(id) }
    }

    private func forget(_ wait: Wait, _ session: String) {
        let left = wait.left
        state.withLock { state in
            state.sessions[session]?.removeAll { $0 === wait }
            if state.sessions[session]?.isEmpty == true { state.sessions[session] = nil }
            for id in left where state.tokens[id]?.allSatisfy({ $0 === wait }) == true { state.tokens[id] = nil }
        }
    }
}

/// The logout tokens that one browser waits for.
private final class Wait: Sendable {
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
