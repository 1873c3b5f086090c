// SPDX-License-Identifier: Apache-2.0

/// Records what happens.
public protocol EventService: Sendable {
    /// Takes an event down and returns at once; it is not even made if nothing that is loaded wants it.
    ///
    /// The host adds the time, and what it knows of the request in which this is called.
    func record(_ event: @autoclosure () -> Event)
}
