// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Checks the calls in progress of plugins from outside several times a second, on a thread of its own.
///
/// So no call needs a timer. The thread exists only while there are calls.
final class CallWatch: Sendable {
    static let shared = CallWatch()

    /// The time between two checks, in seconds.
    private static let interval = 0.05
    /// The rounds without any call after which the thread ends.
    private static let patience = 100

    private struct State {
        var calls: [ObjectIdentifier: PluginCall] = [:]
        var isRunning = false
        var idleRounds = 0
    }

    private let state = Mutex(State())

    func add(_ call: PluginCall) {
        let starts = state.withLock { state in
            state.calls[ObjectIdentifier(call)] = call
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        let thread = Thread { [self] in
            // Set on the thread itself: a name that is set before the start is lost.
            Thread.nameCurrent("plugin-watch")
            work()
        }
        thread.start()
    }

    func remove(_ call: PluginCall) {
        // Released outside of the lock, because that may release a plugin.
        let removed = state.withLock { $0.calls.removeValue(forKey: ObjectIdentifier(call)) }
        _ = removed
    }

    private func work() {
        while let calls = next() {
            let now = ContinuousClock.now
            for call in calls { call.check(at: now) }
            Thread.sleep(forTimeInterval: CallWatch.interval)
        }
    }

    /// The calls to check; nil if there have been none for some time.
    private func next() -> [PluginCall]? {
        state.withLock { state in
            state.idleRounds = state.calls.isEmpty ? state.idleRounds + 1 : 0
            guard state.idleRounds <= CallWatch.patience else {
                (state.isRunning, state.idleRounds) = (false, 0)
                return nil
            }
            return Array(state.calls.values)
        }
    }
}
