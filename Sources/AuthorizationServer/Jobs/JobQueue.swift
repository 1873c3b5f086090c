// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Queues work that can be done after the response.
struct JobQueue: JobService {
    let core: ServerCore

    func enqueue(_ job: Job) -> StoreWrite {
        .create(StoredJob.record(job, in: core).lent())
    }
}
