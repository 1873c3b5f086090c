// SPDX-License-Identifier: Apache-2.0

/// The importance of a line of the log.
public enum LogLevel: Sendable, Hashable {
    /// For the plugin's author.
    case debug
    /// Something that the operator may want to know, although nothing is wrong.
    case notice
    /// Something is wrong, and the plugin continues.
    case warning
    /// The plugin failed.
    case error
}
