// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension ServerCore: JobService {
    /// The row of a job.
    public func enqueue(_ handler: String, _ payload: JSON, limit: Duration) -> StoreWrite {
        .create(Job.record(handler, payload, at: now, limit, in: self))
    }
}
