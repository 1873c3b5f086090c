// SPDX-License-Identifier: Apache-2.0

/// Keeps a record of what happens.
///
/// The host keeps a queue with a bound in front of each sink, so that no request waits for one.
public protocol EventSink: Sendable {
    /// Whether requests are refused while events cannot be taken, instead of losing events.
    var isRequired: Bool { get }
    /// Whether commands, which run beside the server, can write to it as well.
    var takesFromCommands: Bool { get }
    /// Writes events down, in the order in which they happened; called by one task at a time.
    ///
    /// - Throws: Any error if none of them was written; the host tries again with the same ones a moment later.
    func write(_ events: [Event]) async throws
}

extension EventSink {
    /// No.
    public var isRequired: Bool { false }
    /// No.
    public var takesFromCommands: Bool { false }
}
