// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the thread of a process and the tasks of its calls share.
struct ProcessState {
    enum Phase {
        case absent, starting, ready, stopped
    }

    var phase = Phase.absent
    var socket: Int32 = -1
    var outgoing = Outgoing()
    /// The calls whose end has not been taken.
    var calls: [UInt64: IsolatedCall] = [:]
    /// The calls for which nobody waits any more, but which the process has not answered.
    var late: Set<UInt64> = []
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
    mutating func begin(_ socket: Int32) {
        if phase != .stopped { phase = .starting }
        self.socket = socket
        lastHeard = .now
        generation += 1
        // What ended the former process may have been noted after its end.
        condemned = nil
    }

    /// Forgets a process that has ended.
    ///
    /// - Returns: The calls that it has not answered.
    mutating func end() -> [IsolatedCall] {
        if phase != .stopped { phase = .absent }
        defer { (calls, late, outgoing, socket) = ([:], [], Outgoing(), -1) }
        return Array(calls.values)
    }

    /// Has the thread end the process.
    mutating func condemn(_ why: String) {
        condemned = condemned ?? why
    }

    /// Writes a frame, or keeps it until the process reads.
    ///
    /// - Returns: Whether there is a process that gets it.
    mutating func send(_ frame: [UInt8]) -> Bool {
        guard socket >= 0, outgoing.send(frame, to: socket) else { return false }
        if outgoing.isStuck { condemn("it does not read what it has been sent") }
        return true
    }

    /// Whether the thread has something to do that it does not know of yet.
    var mustWake: Bool { isResting || !outgoing.isEmpty || condemned != nil }
}
