// SPDX-License-Identifier: Apache-2.0

/// A time in whole seconds since 1970-01-01T00:00:00Z, as in JWTs (RFC 7519 section 2, NumericDate).
@frozen
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Seconds since the epoch.
    public var seconds: Int64

    /// Makes a time from seconds since the epoch.
    @inlinable
    public init(seconds: Int64) {
        self.seconds = seconds
    }

    /// Whether one time is before another.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds < right.seconds
    }

    /// The time after a duration, of which fractions of a second are dropped.
    ///
    /// If the result does not fit into 64 bits, it is the latest or earliest time that does.
    public static func + (moment: Timestamp, span: Duration) -> Timestamp {
        // The components of a longer duration trap.
        let span = min(max(span, .seconds(Int64.min)), .seconds(Int64.max))
        let sum = moment.seconds.addingReportingOverflow(span.components.seconds)
        guard sum.overflow else { return Timestamp(seconds: sum.partialValue) }
        return Timestamp(seconds: span < .zero ? .min : .max)
    }

    /// The duration between two times, limited to the seconds that fit into 64 bits.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        let difference = left.seconds.subtractingReportingOverflow(right.seconds)
        guard difference.overflow else { return .seconds(difference.partialValue) }
        return .seconds(left < right ? Int64.min : Int64.max)
    }
}
