// SPDX-License-Identifier: Apache-2.0

/// Records events.
public protocol EventService: Sendable {
    /// Queues an event to be recorded and returns at once.
    ///
    /// If no loaded plugin receives events, the event is not even made. The host adds the time, and the id, address and
    /// client of the current request.
    ///
    /// - Parameter event: The event.
    func record(_ event: @autoclosure () -> Event)
}
