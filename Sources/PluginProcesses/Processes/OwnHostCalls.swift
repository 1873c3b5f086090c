// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The host calls that one process makes outside of any call of the server, such as from a queue.
///
/// Each is served in a task of its own, so that one that takes long holds up no other.
final class OwnHostCalls: Sendable {
    /// The most that are served at once.
    static let most = 64

    private struct State {
        var lastNumber = 0
        var tasks: [Int: Task<Void, Never>] = [:]
    }

    /// The bytes of those that have not been replied to.
    ///
    /// They are not counted with those of calls, since a process that waits for one of these has to answer its calls.
    let waiting = WaitingBytes()
    private let state = Mutex(State())

    /// Has a host call served.
    ///
    /// - Parameters:
    ///   - reply: Returns the reply.
    ///   - send: Sends the reply, after which the process may make the next host call.
    /// - Returns: False if too many are being served.
    func serve(_ reply: @escaping @Sendable () async -> JSON, then send: @escaping @Sendable (JSON) -> Void) -> Bool {
        state.withLock { state in
            guard state.tasks.count < OwnHostCalls.most else { return false }
            state.lastNumber += 1
            let number = state.lastNumber
            // Detached, since the thread that reads from the process belongs to no request.
            state.tasks[number] = Task.detached { [self] in
                let message = await reply()
                self.state.withLock { _ = $0.tasks.removeValue(forKey: number) }
                send(message)
            }
            return true
        }
    }

    /// Cancels all, because the process has ended.
    func cancel() {
        for task in state.withLock({ $0.tasks.values }) { task.cancel() }
    }
}
