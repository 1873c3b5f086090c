// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Commits a job for each receiver together with the change that an event is about.
struct Promised: EventOutbox {
    let host: any PluginHost
    let receivers: [Receiver]
    /// The name of the handler of the jobs.
    let job: String
    /// For how long delivery is tried.
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
        return receivers.filter { $0.kinds.contains(event.kind) }.map { receiver in
            host.jobs.enqueue(
                job,
                [
                    "destination": .string(receiver.url.text),
                    "claims": described.claims(for: receiver.audience, jti: host.random(bytes: 16)),
                ], limit: limit)
        }
    }

    /// The user of a session that is about to end.
    private func user(of event: Event) async throws -> String? {
        guard event.kind == .sessionEnded, event.subject == nil, let session = event.sessionID else { return nil }
        return try await host.sessions.find(session)?.user.id
    }
}
