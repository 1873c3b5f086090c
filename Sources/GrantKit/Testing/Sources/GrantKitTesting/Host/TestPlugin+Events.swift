// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension TestPlugin {
    /// The most events that a server passes to a sink at once.
    private static let batch = 512

    /// Passes events to the plugin's sinks, in batches as a server does.
    ///
    /// A server tries again after an error, with the same events.
    ///
    /// - Parameter events: The events.
    /// - Throws: What a sink throws.
    public func record(_ events: [Event]) async throws {
        for sink in registry.eventSinks {
            for start in stride(from: 0, to: events.count, by: TestPlugin.batch) {
                try await sink.write(Array(events[start...].prefix(TestPlugin.batch)))
            }
        }
    }

    /// Commits a change together with what the plugin's outboxes add to it.
    ///
    /// - Parameters:
    ///   - event: The event that the change is about; without a time, it gets that of the host's clock.
    ///   - change: The writes of the change itself.
    /// - Returns: The outcome, of which a conflict is about a write of the change itself.
    /// - Throws: `StoreError`, after which the change is not made; `HostRefusal` for a mistake of an outbox, after which
    ///   a server makes the change without the writes of the outbox.
    @discardableResult
    public func promise(_ event: Event, with change: [StoreWrite] = []) async throws -> WriteOutcome {
        let added = try await writes(about: event)
        let outcome = try await host.store.commit(change + added, of: "an outbox")
        guard case .conflict(let place, let found) = outcome, place >= change.count else { return outcome }
        throw HostRefusal(
            "an outbox creates a record of the collection '\(found?.key.collection ?? "")' that exists already, so the "
                + "change is made without it: use a new key for each event, as of host.random(bytes: 16)")
    }

    /// What the plugin's outboxes add to the change that an event is about.
    func writes(about event: Event) async throws -> [StoreWrite] {
        var event = event
        if event.time.seconds == 0 { event.time = host.clock.now }
        var added: [StoreWrite] = []
        for outbox in registry.outboxes where outbox.kinds.contains(event.kind) {
            let writes = try await writes(of: outbox, about: event)
            try host.store.check(writes, of: "an outbox")
            added += writes
        }
        return added
    }

    private func writes(of outbox: any EventOutbox, about event: Event) async throws -> [StoreWrite] {
        let writes: [StoreWrite]
        do {
            writes = try await outbox.writes(for: event)
        } catch let error as StoreError {
            throw error
        } catch let error as CancellationError where Task.isCancelled {
            throw error
        } catch {
            throw HostRefusal(
                "an outbox throws \(error) for '\(event.kind.rawValue)', so the change is made without its writes: "
                    + "throw only a StoreError, and return no writes if there are none")
        }
        guard writes.allSatisfy({ if case .create = $0 { true } else { false } }) else {
            throw HostRefusal(
                "an outbox returns a write that creates nothing, which could keep the change from being committed: "
                    + "use StoreWrite.create or host.jobs.enqueue")
        }
        return writes
    }
}
