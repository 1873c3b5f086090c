// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Commits a job for each receiver together with the change that an event is about.
struct Promised: EventOutbox {
    let host: any PluginHost
    let receivers: [Receiver]
    /// The name of the handler of the jobs.
    let job: String
    /// The time for which delivery is tried.
    let limit: Duration
    let kinds: Set<Event.Kind>

    init(_ delivery: PushDelivery, limit: Duration) {
        host = delivery.host
        receivers = delivery.receivers
        job = delivery.name
        self.limit = limit
        let wanted = delivery.receivers.reduce(into: Set<Event.Kind>()) { $0.formUnion($1.kinds) }
        kinds = wanted.intersection(Event.Kind.promised)
    }

    func writes(for event: Event) async throws -> [StoreWrite] {
        let described = SecurityEvent(event, user: try await user(of: event), issuer: host.issuer)
        var writes: [StoreWrite] = []
        for receiver in receivers where receiver.kinds.contains(event.kind) {
            let payload: JSON = [
                "destination": .string(receiver.url.text),
                "claims": described.claims(for: receiver.audience, jti: host.random(bytes: 16)),
            ]
            writes.append(try await host.jobs.enqueue(Job(job, payload, limit: limit)))
        }
        return writes
    }

    /// The user of a session that is about to end.
    private func user(of event: Event) async throws -> String? {
        guard event.kind == .sessionEnded, event.subject == nil, let session = event.sessionID else { return nil }
        return try await host.sessions.find(session)?.user.id
    }
}
