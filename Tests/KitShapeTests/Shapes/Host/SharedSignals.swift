// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Tells receivers about sessions that end (Shared Signals Framework 1.0).
///
/// It can be loaded several times.
struct SharedSignals: Plugin, EventOutbox {
    static let manifest = PluginManifest(
        id: "shared-signals", summary: "tells receivers what ends", specification: "Shared Signals 1.0")
    static let collection = "signal_stream"
    static let sessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
    static let versions = CollectionVersion(
        collection: collection, migrations: [SeveralEvents(), NamedStatus()])

    let kinds: Set<Event.Kind> = [.sessionEnded]
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection(SharedSignals.collection))
        registry.add(outbox: self)
        registry.add(later: SharedSignals.versions)
        registry.add(later: SignalFanOut(host: host))
        registry.add(later: SignalDelivery(host: host))
        registry.add(later: StreamVerification(host: host))
    }

    /// One job for each event, committed with the change, however many streams there are.
    func writes(for event: Event) async throws -> [StoreWrite] {
        let subject = event.subject?.id ?? ""
        let payload: JSON = ["event": .string(SharedSignals.sessionRevoked), "sub": .string(subject)]
        return [try await host.jobs.enqueue(Job("\(host.name).event", payload, limit: .seconds(86400)))]
    }

    /// Queues a signal for each stream, which is a destination of its own, so that a receiver that is down delays no
    /// others.
    static func queue(_ payload: JSON, on host: any LaterHost, notBefore: Timestamp?) async throws {
        try await host.store.walk(collection) { record in
            let stream = try versions.current(record.value, version: record.value["v"]?.integer ?? 1)
            guard let stream, stream["status"] == "enabled",
                (stream["events"]?.strings ?? []).contains(payload["event"]?.string ?? "")
            else { return }
            var sent = payload
            sent["url"] = stream["url"]
            sent["destination"] = .string(record.key.id)
            var job = Job("\(host.name).signal", sent, limit: .seconds(86400))
            job.notBefore = notBefore
            _ = try await host.store.write([try await host.jobs.enqueue(job)])
        }
    }

    /// Version 1 had one event for each stream.
    struct SeveralEvents: CollectionVersion.Migration {
        func migrate(_ value: JSON) throws -> JSON? {
            var value = value
            value["events"] = .strings(value["event"]?.strings ?? [])
            value["event"] = nil
            return value
        }
    }

    /// Version 2 deleted streams that were disabled, so every other was enabled.
    struct NamedStatus: CollectionVersion.Migration {
        func migrate(_ value: JSON) throws -> JSON? {
            guard value["deleted"]?.bool != true else { return nil }
            var value = value
            value["status"] = "enabled"
            return value
        }
    }
}

/// Queues the signals about one event.
struct SignalFanOut: LaterJobHandler {
    let host: any LaterHost

    var name: String { "\(host.name).event" }

    func run(_ payload: JSON) async throws {
        try await SharedSignals.queue(payload, on: host, notBefore: nil)
    }
}

struct SignalDelivery: LaterJobHandler {
    let host: any LaterHost

    var name: String { "\(host.name).signal" }

    func run(_ payload: JSON) async throws {
        let claims: JSON = [
            "iss": .string(host.issuer), "iat": .integer(host.now.seconds), "jti": .string(host.random(bytes: 16)),
            "events": .object([.init(payload["event"]?.string ?? "", [:])]), "sub_id": payload["sub"] ?? .null,
        ]
        let token = try await host.keys.sign(claims, type: "secevent+jwt", algorithm: nil)
        let request = OutboundRequest("POST", payload["url"]?.string ?? "", body: Array(token.utf8))
        guard try await host.outbound.send(request).status == 202 else { throw OutboundError("it was not accepted") }
    }
}

/// Shows receivers once a day that their stream works.
struct StreamVerification: ScheduledJob {
    let host: any LaterHost
    let interval = Duration.seconds(86400)

    var name: String { "\(host.name).verification" }

    func run() async throws {
        let payload: JSON = ["event": "https://schemas.openid.net/secevent/ssf/event-type/verification"]
        try await SharedSignals.queue(payload, on: host, notBefore: host.now + .seconds(60))
    }
}
