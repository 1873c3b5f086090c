// SPDX-License-Identifier: Apache-2.0

/// Writes lines of a plugin to the server's log.
///
/// Each call writes one line, whatever the strings contain. The host adds the id of the plugin and, during a request,
/// the id of the request. If a plugin writes more than 100 lines in a second, the host drops the rest and logs how many
/// it dropped.
///
/// Never log a password, token, code, key or client secret, nor any part of a request that may contain one. A `Secret`
/// is written as `<redacted>`.
public protocol LogService: Sendable {
    /// Writes one line.
    ///
    /// - Parameters:
    ///   - level: The importance of the line. If the server does not log this level, the strings are not even made.
    ///   - message: What happened, as a clause without a full stop. Use the same words each time, and put what differs
    ///     into `values`.
    ///   - values: Values by name. If the server itself uses a name, the host puts an underscore before it.
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
