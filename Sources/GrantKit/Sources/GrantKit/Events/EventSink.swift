// SPDX-License-Identifier: Apache-2.0

/// Records events.
///
/// The host has a bounded queue for each sink, so no request waits for a sink.
public protocol EventSink: Sendable {
    /// Whether requests are refused, rather than events lost, while the sink accepts no events.
    var isRequired: Bool { get }
    /// Whether commands, which run in other processes than the server, can write to it too.
    var takesFromCommands: Bool { get }
    /// Writes events, in the order in which they happened.
    ///
    /// Only one task calls it at a time.
    ///
    /// - Parameter events: The events.
    /// - Throws: Any error if none of them was written. The host then tries the same events again after a moment.
    func write(_ events: [Event]) async throws
}

extension EventSink {
    /// Not required: events are lost instead.
    public var isRequired: Bool { false }
    /// Not for commands.
    public var takesFromCommands: Bool { false }
}
