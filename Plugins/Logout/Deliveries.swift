// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets browsers wait for the delivery of logout tokens, so that a client has usually been notified when the browser
/// arrives at its page for signed-out users.
///
/// The tokens to send are in the store, so a process that ends while a browser waits loses nothing.
final class Deliveries: Sendable {
    /// A session that browsers are ending.
    private struct Ending {
        var browsers = 0
        /// The ids of its logout tokens that have not been sent yet.
        var tokens: Set<String> = []
        /// The browsers that wait for these.
        var waits: [AsyncStream<Void>.Continuation] = []

        /// Removes a logout token.
        ///
        /// - Returns: The browsers that need not wait any longer.
        mutating func remove(_ id: String) -> [AsyncStream<Void>.Continuation] {
            tokens.remove(id)
            guard tokens.isEmpty else { return [] }
            defer { waits = [] }
            return waits
        }
    }

    private struct State {
        /// By session; not by task, which is another one if the plugin has a process of its own.
        var endings: [String: Ending] = [:]
        /// The sessions of the logout tokens that browsers may wait for, by the id of the token.
        var sessions: [String: String] = [:]
    }

    private let limit: Duration
    private let state = Mutex(State())

    /// The number of sessions and logout tokens that are kept because browsers wait.
    var kept: Int { state.withLock { $0.endings.count + $0.sessions.count } }

    /// - Parameter limit: The longest time that a browser waits.
    init(upTo limit: Duration) {
        self.limit = limit
    }

    /// Ends a session, and waits for the first attempt to send each of its logout tokens.
    func awaiting(_ session: String, _ end: () async throws -> Void) async throws {
        guard limit > .zero else { return try await end() }
        state.withLock { $0.endings[session, default: Ending()].browsers += 1 }
        defer { leave(session) }
        try await end()
        await delivery(of: session)
    }

    /// Makes the browsers that end a session wait for a logout token.
    func expect(_ id: String, of session: String) {
        state.withLock { state in
            guard state.endings[session] != nil else { return }
            state.endings[session]?.tokens.insert(id)
            state.sessions[id] = session
        }
    }

    /// Records that an attempt to send a logout token has ended.
    func end(_ id: String) {
        let waits = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            guard let session = state.sessions.removeValue(forKey: id) else { return [] }
            return state.endings[session]?.remove(id) ?? []
        }
        for wait in waits { wait.finish() }
    }

    private func delivery(of session: String) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let mustWait = state.withLock { state in
            guard state.endings[session]?.tokens.isEmpty == false else { return false }
            state.endings[session]?.waits.append(continuation)
            return true
        }
        guard mustWait else { return }
        let clock = Task { [limit] in
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        for await _ in stream {}
        clock.cancel()
    }

    /// Forgets a session when its last browser leaves: another node may send what is left.
    private func leave(_ session: String) {
        state.withLock { state in
            guard var ending = state.endings.removeValue(forKey: session) else { return }
            ending.browsers -= 1
            if ending.browsers > 0 {
                state.endings[session] = ending
            } else {
                for id in ending.tokens { state.sessions[id] = nil }
            }
        }
    }
}
