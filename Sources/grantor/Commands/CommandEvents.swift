// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
import Logging
import Synchronization

/// The events about what a command has changed, with the user who runs it.
final class CommandEvents: DocumentEvents {
    private let outboxes: Outboxes
    private let change: String?
    private let made = Mutex<[Event]>([])
    private let logger = Logger(label: "grantor") { StreamLogHandler.standardError(label: $0) }

    /// Creates an empty list of events.
    ///
    /// - Parameters:
    ///   - generation: The configuration, with the outboxes of its plugins.
    ///   - change: The command's word for its change of a document.
    init(_ generation: Generation, change: String? = nil) {
        outboxes = generation.capabilities.outboxes
        self.change = change
    }

    /// The events about all that has been changed so far.
    var all: [Event] { made.withLock { $0 } }

    func promise(_ event: @autoclosure () -> Event) async throws -> PromisedEvents {
        var event = event()
        if let change { event.details["change"] = .string(change) }
        return try await outboxes.promise([CommandEvents.stamped(event)], logger)
    }

    func record(_ promised: PromisedEvents) {
        made.withLock { $0 += promised.events }
    }

    /// Records an event with which nothing else is committed.
    func record(_ event: Event) {
        made.withLock { $0.append(CommandEvents.stamped(event)) }
    }

    private static func stamped(_ event: Event) -> Event {
        var event = event
        event.time = SystemEnvironment().now
        // The machine knows who runs a command, the server does not.
        event.details["by"] = ["command": "grantor", "uid": .integer(Int64(getuid()))]
        return event
    }
}
