// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A job that the server does at intervals, on one of the servers that share the store.
protocol ScheduledJob: LaterRole {
    var name: String { get }
    /// The time from the end of one run to the start of the next, in seconds or more.
    var interval: Duration { get }
    func run() async throws
}

extension ScheduledJob {
    var line: String { "every \(interval.components.seconds)s \(name)" }
}

/// Takes the place of a role that `Registry` has, for a handler in the tests of which time is of interest.
protocol LaterJobHandler: LaterRole {
    var name: String { get }
    func run(_ payload: JSON) async throws
}

extension LaterJobHandler {
    var line: String { "job \(name)" }
}
