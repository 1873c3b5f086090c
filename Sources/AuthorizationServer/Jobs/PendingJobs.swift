// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// Tells the runner of this node which lanes have new jobs.
final class PendingJobs: Sendable {
    /// The lanes that the runner has not taken yet.
    private let waiting = Mutex(JobSearch())
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the runner for the jobs among committed writes.
    func wake(for writes: [StoreWrite]) {
        let lanes = writes.compactMap { write -> String? in
            guard case .create(let record) = write, record.key.collection == StoredJob.collection.name,
                let job = StoredJob(record), job.attempts == 0
            else { return nil }
            return job.lane
        }
        if !lanes.isEmpty { wake(lanes) }
    }

    func wake(_ lanes: [String]) {
        waiting.withLock { waiting in
            for lane in lanes { waiting.add(lane) }
        }
        continuation.yield()
    }

    func wakeAll() {
        waiting.withLock { $0.addAll() }
        continuation.yield()
    }

    /// Makes the runner try again what it had no place for.
    func nudge() { continuation.yield() }

    func nextSearch() -> JobSearch {
        waiting.withLock { waiting in
            defer { waiting = JobSearch() }
            return waiting
        }
    }

    var news: AsyncStream<Void> { stream }
}
