// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where tasks that a check runs at once can wait for each other.
///
/// On a machine with one processor, tasks often run one after another. A fault that only a race shows is found each time
/// if its tasks meet between what they read and what they write.
@_spi(Host)
public final class MeetingPoint: Sendable {
    private struct State {
        var missing: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    @TaskLocal static var current: MeetingPoint?

    private let state: Mutex<State>

    init(of count: Int) {
        state = Mutex(State(missing: count))
    }

    /// Waits for the other tasks that run at once; returns immediately if there are none, or if all have met before.
    public static func meet() async {
        guard let point = current else { return }
        await withCheckedContinuation { point.open($0) }
    }

    /// Waits no longer for a task that has ended.
    func leave() {
        open(nil)
    }

    private func open(_ task: CheckedContinuation<Void, Never>?) {
        let ready = state.withLock { state in
            state.missing -= 1
            if let task { state.waiting.append(task) }
            guard state.missing <= 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for task in ready { task.resume() }
    }
}
