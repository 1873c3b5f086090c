// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the thread of a process and the tasks of its calls share.
struct ProcessState {
    enum Phase {
        case absent, starting, ready, stopped
    }

    var phase = Phase.absent
    /// The calls whose end has not been taken.
    var calls: [UInt64: IsolatedCall] = [:]
    /// The deadlines of the calls for which nobody waits any more, but which the process has not answered.
    var late: [UInt64: ContinuousClock.Instant] = [:]
    /// Whether host calls are served: from `start` on.
    var mayAsk = false
    var lastNumber: UInt64 = 0
    var lastHeard = ContinuousClock.now
    /// Why the process must be ended, if it must.
    var condemned: String?
    /// Counts the processes, so that what was about a former one does not concern its successor.
    var generation = 0
    /// Whether the thread waits without limit, so that a call has to wake it.
    var isResting = false
    /// The tasks that wait for the first start.
    var starters: [CheckedContinuation<Void, any Error>] = []
    var firstStart: Result<Void, any Error>?

    /// Takes a new process.
    mutating func begin() {
        if phase != .stopped { phase = .starting }
        lastHeard = .now
        generation += 1
        mayAsk = false
        // What ended the former process may have been noted after its end.
        condemned = nil
    }

    /// Forgets a process that has ended.
    ///
    /// - Returns: The calls that it has not answered.
    mutating func end() -> [IsolatedCall] {
        if phase != .stopped { phase = .absent }
        defer { (calls, late) = ([:], [:]) }
        return Array(calls.values)
    }

    /// Has the thread end the process.
    mutating func condemn(_ why: String) {
        condemned = condemned ?? why
    }
}
