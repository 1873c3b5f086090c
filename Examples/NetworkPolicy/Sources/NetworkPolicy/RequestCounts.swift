// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts requests in memory, so that a request costs no access to the store.
///
/// It keeps one moment for each key: when the requests so far would have been sent if they had come evenly. Up to the
/// whole number may come at once, and after that one at a time.
final class RequestCounts: Sendable {
    private struct State {
        /// By the bytes of the key: as keys, strings that Unicode takes for the same would be one, and so two clients.
        var moments: [[UInt8]: ContinuousClock.Instant] = [:]
        /// The number of keys at which those that no longer matter are removed.
        var most = 1024
    }

    private let state = Mutex(State())

    /// Counts a request.
    ///
    /// - Returns: Nil if it is within the rate, otherwise when the next one will be. A request that is not within the
    ///   rate does not count.
    func count(_ key: String, at rate: RequestRate, now: ContinuousClock.Instant) -> Duration? {
        guard rate.span > .zero else { return nil }
        let key = Array(key.utf8)
        return state.withLock { state in
            // A moment beyond the span is left from a lower rate, before a reload.
            if let last = state.moments[key], last > now + rate.span { state.moments[key] = now + rate.span }
            let next = max(now, state.moments[key] ?? now) + rate.span / rate.count
            if next > now + rate.span { return next - rate.span - now }
            if state.moments.count >= state.most { RequestCounts.sweep(&state, now) }
            state.moments[key] = next
            return nil
        }
    }

    private static func sweep(_ state: inout State, _ now: ContinuousClock.Instant) {
        state.moments = state.moments.filter { $0.value > now }
        // At least as many requests as there are keys pass before the next sweep.
        state.most = max(1024, state.moments.count * 2)
    }
}
