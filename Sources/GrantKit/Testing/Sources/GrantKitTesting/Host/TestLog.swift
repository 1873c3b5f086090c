// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// A log that keeps its lines.
public final class TestLog: LogService {
    /// A line of the log.
    public struct Line: Sendable, CustomStringConvertible {
        /// The importance.
        public let level: LogLevel
        /// What happened.
        public let message: String
        /// Values by name.
        public let values: [(name: String, value: String)]

        /// The line as one string.
        public var description: String {
            ([message] + values.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
        }
    }

    private let kept = Mutex<[Line]>([])

    /// Makes an empty log.
    public init() {}

    /// The lines.
    public var lines: [Line] { kept.withLock { $0 } }

    /// Keeps a line.
    public func write(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ values: @autoclosure () -> KeyValuePairs<String, String>
    ) {
        let line = Line(level: level, message: message(), values: values().map { ($0.key, $0.value) })
        kept.withLock { $0.append(line) }
    }
}
