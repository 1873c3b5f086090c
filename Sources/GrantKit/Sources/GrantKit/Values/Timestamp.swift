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
    ///
    /// A moment that is too far away to be written is the last or the first that can be.
    public static func + (moment: Timestamp, span: Duration) -> Timestamp {
        // The components of a longer span trap.
        let span = min(max(span, .seconds(Int64.min)), .seconds(Int64.max))
        let sum = moment.seconds.addingReportingOverflow(span.components.seconds)
        guard sum.overflow else { return Timestamp(seconds: sum.partialValue) }
        return Timestamp(seconds: span < .zero ? .min : .max)
    }

    /// The time between two moments, up to what 64 bits of seconds can hold.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        let difference = left.seconds.subtractingReportingOverflow(right.seconds)
        guard difference.overflow else { return .seconds(difference.partialValue) }
        return .seconds(left < right ? Int64.min : Int64.max)
    }
}
