// SPDX-License-Identifier: Apache-2.0

/// A message for whoever starts the server: where, what is wrong, what to do.
public struct Diagnostic: Sendable {
    /// How bad it is.
    public enum Severity: String, Sendable, Comparable {
        /// The server does not start.
        case error
        /// The server starts.
        case warning

        /// Errors come first.
        public static func < (left: Severity, right: Severity) -> Bool {
            left == .error && right == .warning
        }
    }

    /// How bad it is.
    public var severity: Severity
    /// What is wrong.
    public var message: String
    /// What to do.
    public var note: String?
    var start: Mark?
    var end: Mark?
}
