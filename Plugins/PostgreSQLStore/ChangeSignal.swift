// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Says to those who wait for changes that there may be some.
final class ChangeSignal: Sendable {
    private struct State {
        /// Whether there was a signal for which nobody waited.
        var isRaised = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var last = 0
    }

    private let state = Mutex(State())

    /// Ends all waits, or the next one if nobody waits.
    func raise() {
        let ended = state.withLock { state in
            defer { state.waiting = [:] }
            state.isRaised = state.waiting.isEmpty
            return state.waiting.values.map(\.self)
        }
        for continuation in ended { continuation.resume() }
    }

    /// Waits for a signal, at most for some time.
    func wait(atMost patience: Duration) async {
        await withCheckedContinuation { continuation in
            let number: Int? = state.withLock { state in
                guard !state.isRaised else {
                    state.isRaised = false
                    return nil
                }
                state.last &+= 1
                state.waiting[state.last] = continuation
                return state.last
            }
            guard let number else { return continuation.resume() }
            Task { [self] in
                try? await Task.sleep(for: patience)
                state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
            }
        }
    }
}
