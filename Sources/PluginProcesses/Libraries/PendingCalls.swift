// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A call that a library with the C interface has not answered.
struct PendingCall: Sendable {
    /// What is called, which is kept until the answer.
    let plugin: CPlugin?
    /// Takes the answer.
    let end: @Sendable (CallOutcome) -> Void
    /// Takes a host call, or returns why it is refused.
    let ask: @Sendable (HostQuestion) -> String?
}

/// The calls that libraries with the C interface have not answered, of all plugins in this process.
///
/// A library knows a call by its number alone. So an answer that comes twice finds nothing, and harms nothing.
enum PendingCalls {
    private struct State {
        var lastNumber: UInt64 = 0
        var calls: [UInt64: PendingCall] = [:]
    }

    private static let state = Mutex(State())

    /// Adds a call.
    ///
    /// - Returns: Its number, which is never used again.
    static func add(_ call: PendingCall) -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            state.calls[state.lastNumber] = call
            return state.lastNumber
        }
    }

    /// Takes a call away, because it is answered now.
    static func remove(_ number: UInt64) -> PendingCall? {
        state.withLock { $0.calls.removeValue(forKey: number) }
    }

    static func find(_ number: UInt64) -> PendingCall? {
        state.withLock { $0.calls[number] }
    }
}
