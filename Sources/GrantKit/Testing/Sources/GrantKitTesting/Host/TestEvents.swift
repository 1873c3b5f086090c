// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The events that a plugin has recorded.
public final class TestEvents: EventService {
    private let kept = Mutex<[Event]>([])

    /// Makes an empty record.
    public init() {}

    /// The events, in the order in which they were recorded.
    public var recorded: [Event] { kept.withLock { $0 } }

    /// Records an event.
    public func record(_ event: @autoclosure () -> Event) {
        if OnlyLooking.isCurrent { return }
        let event = event()
        kept.withLock { $0.append(event) }
    }
}
