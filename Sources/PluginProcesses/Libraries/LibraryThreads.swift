// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Threads that a library with the C interface may block, where the plugin has none of its own from the server.
///
/// Dispatch has too few for that: Swift runs its tasks there too, and some of them serve host calls.
package final class LibraryThreads: Sendable {
    /// The number of threads that a library may hold; further calls wait.
    private static let most = 16

    private struct State {
        var works: [@Sendable () -> Void] = []
        var threads = 0
        var idle = 0
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    /// Makes threads, none of which is started yet; they end with the process.
    package init() {}

    /// Runs work on one of the threads.
    @Sendable package func run(_ work: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            state.works.append(work)
            guard state.works.count > state.idle, state.threads < LibraryThreads.most else { return false }
            state.threads += 1
            return true
        }
        if starts { Thread.detachNewThread { [self] in serve() } }
        signal.signal()
    }

    private func serve() {
        while true {
            state.withLock { $0.idle += 1 }
            signal.wait()
            let work = state.withLock { state in
                state.idle -= 1
                return state.works.isEmpty ? nil : state.works.removeFirst()
            }
            work?()
        }
    }
}
