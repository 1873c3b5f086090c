// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// A clock that only a test moves.
public final class TestClock: Sendable {
    private let seconds: Mutex<Int64>

    /// Makes a clock that shows a moment.
    public init(_ moment: Timestamp = Timestamp(seconds: 1_800_000_000)) {
        seconds = Mutex(moment.seconds)
    }

    /// The time that the clock shows.
    public var now: Timestamp {
        get { Timestamp(seconds: seconds.withLock { $0 }) }
        set { seconds.withLock { $0 = newValue.seconds } }
    }

    /// Moves the clock.
    ///
    /// - Parameter span: The span; a negative one moves the clock back.
    public func advance(by span: Duration) {
        seconds.withLock { $0 = (Timestamp(seconds: $0) + span).seconds }
    }
}
