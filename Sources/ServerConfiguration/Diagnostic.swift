// SPDX-License-Identifier: Apache-2.0

/// A message to the operator about the configuration: where it is wrong, what is wrong and what to do.
public struct Diagnostic: Sendable {
    /// The severity of a problem.
    public enum Severity: String, Sendable, Comparable {
        /// The server does not start.
        case error
        /// The server starts.
        case warning

        /// Orders errors before warnings.
        public static func < (left: Severity, right: Severity) -> Bool {
            left == .error && right == .warning
        }
    }

    /// The severity of the problem.
    public var severity: Severity
    /// What is wrong.
    public var message: String
    /// What to do about it.
    public var note: String?
    var start: Mark?
    var end: Mark?
}
