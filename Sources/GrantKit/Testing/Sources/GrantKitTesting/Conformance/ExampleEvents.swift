// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Events as a server records them.
enum ExampleEvents {
    /// Kinds of events that a sink gets: those of the server, and one of another plugin.
    static let kinds: [Event.Kind] = Array(Event.Kind.promised) + others

    private static let others: [Event.Kind] = [
        .issued, .refused, .failed, .signInFailed, .signInDelayed, .consentDenied, .replayed, .keysChanged,
        .storeCopied, .storeLoaded, .started, .stopped, .reloaded, .reloadFailed, .eventsLost,
        Event.Kind(rawValue: "another-plugin.happened"),
    ]

    /// Events of one kind: with nothing else, about a user, and about a client.
    static func all(of kind: Event.Kind, at moment: Timestamp) -> [Event] {
        [Event(kind), Event(kind, subject: .user("user-1"), details: details), full(kind)].map { event in
            var event = event
            event.time = moment
            return event
        }
    }

    /// An event with every member.
    static func full(_ kind: Event.Kind) -> Event {
        var event = Event(kind, subject: .client("client-1"), client: "client-1", details: details)
        event.requestID = "request-1"
        event.address = "192.0.2.7"
        event.grant = "example_grant"
        event.grantID = "grant-1"
        event.sessionID = "session-1"
        event.tokenID = "token-1"
        return event
    }

    private static let details: JSON = ["effects": ["created"], "reason": "a test", "count": 3, "nothing": .null]

    /// Events that each have a string in one of their members.
    static func all(of kind: Event.Kind, with text: String, at moment: Timestamp) -> [Event] {
        changes(text).map { change in
            var event = full(kind)
            event.time = moment
            change(&event)
            return event
        }
    }

    private static func changes(_ text: String) -> [(inout Event) -> Void] {
        [
            { $0.requestID = text }, { $0.address = text }, { $0.client = text }, { $0.subject = .user(text) },
            { $0.subject = .client(text) }, { $0.grant = text }, { $0.grantID = text }, { $0.sessionID = text },
            { $0.tokenID = text }, { $0.details = [text: .string(text)] }, { $0.details = .string(text) },
            { $0.details = [text: [text: [.string(text), .null, .integer(.min), .number(0.5)]]] },
        ]
    }
}
