// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// The threads on which one rule drives a plugin, so that a plugin which blocks cannot hold up the other rules.
final class RuleThreads: TaskExecutor {
    /// As many as the server has for a plugin.
    private static let count = 4

    private let note: String
    private let jobs = Mutex<[UnownedJob]>([])
    private let signal = DispatchSemaphore(value: 0)

    /// Starts the threads.
    ///
    /// - Parameter note: What they do, for the line that a crash leaves.
    init(note: String) {
        self.note = note
        for _ in 0..<RuleThreads.count {
            Thread.detachNewThread { [self] in work() }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        signal.signal()
    }

    /// Ends the threads once there is nothing to do; those that are blocked end with the process.
    func end() {
        for _ in 0..<RuleThreads.count { signal.signal() }
    }

    private func work() {
        while true {
            signal.wait()
            let job: UnownedJob? = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let job else { return }
            // Safe: the string lives until the job has run.
            unsafe note.withCString { text in
                unsafe CrashLine.note(text)
                defer { CrashLine.clear() }
                unsafe job.runSynchronously(on: asUnownedTaskExecutor())
            }
        }
    }
}
