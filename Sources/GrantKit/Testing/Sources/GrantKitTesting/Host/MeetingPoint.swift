// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A point that tasks pass once all of them are there.
final class MeetingPoint: Sendable {
    private struct State {
        var missing: Int
        var waiting: [CheckedContinuation<Void, Never>] = []

        /// Takes the tasks that may pass.
        mutating func passing() -> [CheckedContinuation<Void, Never>] {
            guard missing <= 0 else { return [] }
            defer { waiting = [] }
            return waiting
        }
    }

    private let state: Mutex<State>

    init(of count: Int) {
        state = Mutex(State(missing: count))
    }

    /// Waits until all tasks are there.
    func meet() async {
        await withCheckedContinuation { task in
            change { state in
                state.missing -= 1
                state.waiting.append(task)
            }
        }
    }

    /// Waits for the others for some turns, since they may be waiting for this task; then nobody waits any more.
    func meet(turns: Int) async {
        leave()
        var left = turns
        while left > 0, state.withLock({ $0.missing > 0 }) {
            left -= 1
            await Task.yield()
        }
        change { $0.missing = 0 }
    }

    /// Waits no longer for a task, which has ended.
    func leave() {
        change { $0.missing -= 1 }
    }

    private func change(_ body: (inout State) -> Void) {
        let passing = state.withLock { state in
            body(&state)
            return state.passing()
        }
        for task in passing { task.resume() }
    }
}
