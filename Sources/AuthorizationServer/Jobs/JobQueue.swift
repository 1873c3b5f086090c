// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Queues work that can be done after the response.
struct JobQueue: JobService {
    let core: ServerCore

    func enqueue(_ handler: String, _ payload: JSON, limit: Duration) -> StoreWrite {
        .create(Job.record(handler, payload, at: core.now, limit, in: core))
    }
}
