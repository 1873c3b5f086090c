// SPDX-License-Identifier: Apache-2.0

/// A query that waits for a connection.
struct WaitingQuery: Sendable {
    let query: Query
    let deadline: ContinuousClock.Instant
    var attempts = 0
}
