// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Records changes of documents that requests make.
struct RequestedChanges: DocumentEvents {
    let core: ServerCore

    func promise(_ event: @autoclosure () -> Event) async throws -> PromisedEvents {
        try await core.promise([RequestedChanges.withAuthor(event())])
    }

    func record(_ promised: PromisedEvents) {
        core.recorder.record(promised)
    }

    /// The event with the client and the subject of the access token that the change was made with.
    private static func withAuthor(_ event: Event) -> Event {
        guard event.details["by"] == nil, let context = RequestContext.current, let subject = context.subject else {
            return event
        }
        var event = event
        event.details["by"] = [
            "client": context.client.map(JSON.string) ?? .null, "subject": .string(subject),
        ]
        return event
    }
}
