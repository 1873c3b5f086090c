// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A handler of jobs that is a function.
struct ClosureJob: JobHandler {
    typealias Work = @Sendable (JSON) async throws -> Void

    var name = "chore"
    let work: Work

    func run(_ payload: JSON) async throws { try await work(payload) }
}

/// An outbox that is a function.
struct ClosureOutbox: EventOutbox {
    var kinds = Event.Kind.promised
    let make: @Sendable (Event) async throws -> [StoreWrite]

    func writes(for event: Event) async throws -> [StoreWrite] { try await make(event) }
}

/// An event sink that is a function.
struct ClosureSink: EventSink {
    typealias Take = @Sendable ([Event]) async throws -> Void

    var takesFromCommands = false
    let take: Take

    func write(_ events: [Event]) async throws { try await take(events) }
}
