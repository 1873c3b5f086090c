// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Holds the calls of a plugin until a test opens it, and remembers what happened in them.
final class HangingGate: Sendable {
    private static let all = Mutex<[String: HangingGate]>([:])

    private struct State {
        var entered = 0
        var inside = 0
        var most = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var notes: [String] = []
    }

    private let state = Mutex(State())
    private let isOpen = Atomic(false)
    private let door = DispatchSemaphore(value: 0)

    /// The gate with a name, the same for a test and the plugin that it loads.
    static func named(_ name: String) -> HangingGate {
        all.withLock { all in
            if let known = all[name] { return known }
            let gate = HangingGate()
            all[name] = gate
            return gate
        }
    }

    /// The number of calls that have come to the gate.
    var entered: Int { state.withLock { $0.entered } }
    /// The number of calls that are held.
    var inside: Int { state.withLock { $0.inside } }
    /// The highest number of calls that were held at once.
    var most: Int { state.withLock { $0.most } }
    var notes: [String] { state.withLock { $0.notes } }

    func note(_ note: String) { state.withLock { $0.notes.append(note) } }

    /// Notes the name of the current thread.
    func noteThread(_ place: String) {
        let comm = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
        note("\(place) on \(comm.map { $0.dropLast() } ?? "-")")
    }

    private func enter() {
        state.withLock { state in
            state.entered += 1
            state.inside += 1
            state.most = max(state.most, state.inside)
        }
    }

    private func leave() { state.withLock { $0.inside -= 1 } }

    /// Blocks the thread.
    func block() {
        enter()
        door.wait()
        door.signal()
        leave()
    }

    /// Computes without end.
    func spin() {
        enter()
        while !isOpen.load(ordering: .acquiring) {}
        leave()
    }

    /// Waits without holding the thread.
    func wait() async {
        enter()
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isOver = state.withLock { state in
                let isOver = isOpen.load(ordering: .acquiring)
                if !isOver { state.waiting.append(continuation) }
                return isOver
            }
            if isOver { continuation.resume() }
        }
        leave()
    }

    /// Lets everything pass from now on.
    func open() {
        let waiting = state.withLock { state in
            isOpen.store(true, ordering: .releasing)
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
        door.signal()
    }
}
