// SPDX-License-Identifier: Apache-2.0

/// The server's log, as one plugin writes to it.
///
/// Each call writes one line, whatever the strings contain. The host adds the id of the plugin and, while a request is
/// served, the id of the request. It drops lines of a plugin that writes more than a hundred in a second, and logs how
/// many.
///
/// Never log a secret: no password, token, code, key or client secret, and nothing of a request that may contain one. A
/// `Secret` is written as `<redacted>`.
public protocol LogService: Sendable {
    /// Writes one line.
    ///
    /// - Parameters:
    ///   - level: How important the line is. If the server does not log this level, the strings are not even made.
    ///   - message: What happened, as a clause without a full stop that is the same each time.
    ///   - values: What was different this time, by name. A name that the server uses itself gets an underscore in
    ///     front.
    func write(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ values: @autoclosure () -> KeyValuePairs<String, String>)
}

extension LogService {
    /// Writes a line for the plugin's author.
    public func debug(
        _ message: @autoclosure () -> String, _ values: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        write(.debug, message(), values())
    }

    /// Writes a line that the operator may want to read, although nothing is wrong.
    public func notice(
        _ message: @autoclosure () -> String, _ values: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        write(.notice, message(), values())
    }

    /// Writes that something is wrong, and that the plugin continues.
    public func warning(
        _ message: @autoclosure () -> String, _ values: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        write(.warning, message(), values())
    }

    /// Writes that the plugin failed.
    public func error(
        _ message: @autoclosure () -> String, _ values: @autoclosure () -> KeyValuePairs<String, String> = [:]
    ) {
        write(.error, message(), values())
    }
}
