// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The server's time when a call began, so that a plugin and the server agree about the time during the call.
struct RemoteMoment: Sendable {
    @TaskLocal static var current: RemoteMoment?

    /// The time when the call began.
    let time: Timestamp
    private let begin = ContinuousClock.now

    init?(_ message: JSON) {
        guard let seconds = message["now"]?.integer else { return nil }
        time = Timestamp(seconds: seconds)
    }

    var now: Timestamp { time + (ContinuousClock.now - begin) }
}
