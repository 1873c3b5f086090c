// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's shapes fit what plugins need of the host", .timeLimit(.minutes(10)))
struct HostShapeTests {
    @Test(
        "a shape registers its parts",
        arguments: [
            ExpectedShape(
                SharedSignals.self,
                adds: [
                    "collection signal_stream", "version 3 of signal_stream", "job plugin.event", "job plugin.signal",
                    "every 86400s plugin.verification", "outbox session_ended",
                ]),
            ExpectedShape(FAPIProfile.self, attributes: ["fapi"], adds: ["rule fapi"]),
        ] as [ExpectedShape])
    func registers(_ expected: ExpectedShape) throws {
        try expected.check()
    }

    private let host = TestHost(name: "signals")

    private func stream(_ id: String, _ value: JSON) async throws {
        let key = StoreKey(SharedSignals.collection, id)
        let record = StoreRecord(key, value, expiresAt: Timestamp(seconds: .max))
        #expect(try await host.store.write([.create(record)]) == .committed)
    }

    @Test("a walk finds every record, in the form of the present version")
    func walks() async throws {
        for number in 0..<230 {
            try await stream("s-\(number)", ["event": .string(SharedSignals.sessionRevoked), "url": "https://r"])
        }
        try await stream("disabled", ["v": 3, "events": [.string(SharedSignals.sessionRevoked)], "status": "paused"])
        try await stream("deleted", ["v": 2, "events": [.string(SharedSignals.sessionRevoked)], "deleted": true])
        let registry = try LoadedShape(SharedSignals.self, host: host).registry
        let outbox = try #require(registry.outboxes.first)
        let writes = try await outbox.writes(for: Event(.sessionEnded, subject: .user("ann")))
        guard writes.count == 1, case .create(let job)? = writes.first else {
            Issue.record("the event is not one job: \(writes)")
            return
        }
        try await #require(registry.later(SignalFanOut.self).first).run(job.value["payload"] ?? .null)
        let destinations = host.records.all("job").compactMap { $0.value["payload"]?["destination"]?.string }
        #expect(destinations.count == 230 && Set(destinations).count == 230)
    }

    @Test("a record of a newer version is an error, and not misread")
    func refusesNewer() async throws {
        try await stream("newer", ["v": 4, "events": [.string(SharedSignals.sessionRevoked)]])
        let payload: JSON = ["event": .string(SharedSignals.sessionRevoked)]
        await #expect(throws: StoreError.self) { try await SignalFanOut(host: host).run(payload) }
        #expect(throws: StoreError.self) { try SharedSignals.versions.current([:], version: 0) }
    }

    @Test("jobs have a time, and two instances of a plugin do not share them")
    func schedules() async throws {
        let verification = "https://schemas.openid.net/secevent/ssf/event-type/verification"
        try await stream("s-1", ["v": 3, "events": [.string(verification)], "status": "enabled", "url": "https://r/"])
        let names = try ["signals", "partners"].map { name in
            let registry = try LoadedShape(SharedSignals.self, host: TestHost(name: name)).registry
            return registry.later((any LaterJobHandler).self).map(\.name)
        }
        #expect(names == [["signals.event", "signals.signal"], ["partners.event", "partners.signal"]])
        let registry = try LoadedShape(SharedSignals.self, host: host).registry
        try await #require(registry.later((any ScheduledJob).self).first).run()
        let job = try #require(host.records.all("job").first?.value)
        #expect(job["handler"] == "signals.signal" && job["not_before"]?.integer == host.now.seconds + 60)

        let handler = try #require(registry.later(SignalDelivery.self).first)
        host.reply(to: "https://r/", [:], status: 202)
        try await handler.run(job["payload"] ?? .null)
        host.reply(to: "https://r/", [:], status: 500)
        await #expect(throws: OutboundError.self) { try await handler.run(job["payload"] ?? .null) }
    }

    @Test("a scheduled job deletes what is old, whatever its version")
    func expires() async throws {
        let shape = try LoadedShape(Registration.self, host: host)
        let times: [(String, JSON)] = [
            ("old", ["created": 1_700_000_000]), ("new", ["created": 1_799_999_000]),
            ("old-2", ["v": 2, "at": 1_700_000_000]),
        ]
        for (id, value) in times {
            let record = StoreRecord(StoreKey("registration", id), value, expiresAt: Timestamp(seconds: .max))
            #expect(try await host.store.write([.create(record)]) == .committed)
        }
        try await #require(shape.registry.later(ExpiredRegistrations.self).first).run()
        #expect(host.records.all("registration").map(\.key.id) == ["new"])
    }

    @Test("a rule sees the whole configuration, and names no plugin")
    func checks() throws {
        let rules = try [FAPIProfile.self, ResourceIndicators.self].flatMap { (type: any Plugin.Type) in
            try LoadedShape(type).registry.later((any ConfigurationRule).self)
        }
        let document: JSON = ["fapi": true, "token_endpoint_auth_method": "client_secret_basic"]
        let clients = [
            Client(id: "bank", isPublic: false, grants: [], scope: [], document: document),
            Client(id: "app", isPublic: true, grants: [], scope: [], document: ["audience": ["https://api"]]),
        ]
        var view = ConfigurationView(clients: clients, metadata: [:])
        #expect(rules.flatMap { $0.problems(in: view) }.map(\.client) == [nil, "bank", "bank"])
        #expect(rules.flatMap { $0.problems(in: view) }.map(\.isWarning) == [false, false, true])
        view.metadata["pushed_authorization_request_endpoint"] = "https://id.example.com/par"
        view.clients = [clients[1]]
        #expect(rules.flatMap { $0.problems(in: view) }.isEmpty)
    }
}
