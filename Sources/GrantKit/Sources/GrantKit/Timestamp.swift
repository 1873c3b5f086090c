// SPDX-License-Identifier: Apache-2.0

/// A moment in whole seconds since 1970-01-01T00:00:00Z, as JWT dates are written (RFC 7519 section 2, NumericDate).
@frozen
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Seconds since the epoch.
    public var seconds: Int64

    /// Makes a moment from seconds since the epoch.
    @inlinable
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Whether one moment is before another.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds < right.seconds
    }

    /// The moment a number of whole seconds later; what is under a second is dropped.
    public static func + (moment: Timestamp, span: Duration) -> Timestamp {
        Timestamp(seconds: moment.seconds + span.components.seconds)
    }

    /// The time between two moments.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .seconds(left.seconds - right.seconds)
    }
}
