// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension TestPlugin {
    /// The most attempts in one call of `runJobs`.
    private static let mostAttempts = 10_000

    /// Runs the jobs of the plugin's handlers that are due on the host's clock, one after another, as a server does.
    ///
    /// A job whose handler throws `JobAbandoned` is dropped. After any other error it is due again later: after 5
    /// seconds at first, then after twice as long each time, up to an hour, until its time limit has passed. Jobs of
    /// other plugins stay in the queue.
    ///
    /// - Returns: The attempts, in their order.
    /// - Throws: `StoreError`, and `HostRefusal` if jobs queue further jobs without end.
    @discardableResult
    public func runJobs() async throws -> [JobAttempt] {
        var attempts: [JobAttempt] = []
        while let queued = try await nextJob() {
            guard attempts.count < TestPlugin.mostAttempts else {
                throw HostRefusal(
                    "the job '\(queued.job.handler)' queues further jobs that are due at once, without end: give them "
                        + "a time with notBefore")
            }
            attempts.append(JobAttempt(job: queued.job, outcome: try await attempt(queued)))
        }
        return attempts
    }

    private func nextJob() async throws -> QueuedJob? {
        let now = host.clock.now
        return try await host.jobs.all().first { queued in
            queued.due <= now && (queued.end <= now || handler(of: queued) != nil)
        }
    }

    private func handler(of queued: QueuedJob) -> (any JobHandler)? {
        registry.jobs.first { $0.name == queued.job.handler }
    }

    private func attempt(_ queued: QueuedJob) async throws -> JobAttempt.Outcome {
        guard queued.end > host.clock.now, let handler = handler(of: queued) else {
            try await host.jobs.remove(queued)
            return .abandoned("its time limit has passed")
        }
        do {
            try await handler.run(queued.job.payload)
        } catch let abandoned as JobAbandoned {
            try await host.jobs.remove(queued)
            return .abandoned(abandoned.description)
        } catch {
            return try await host.jobs.postpone(queued) ? .failed(error) : .abandoned("\(error)")
        }
        try await host.jobs.remove(queued)
        return .done
    }
}
