// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A plugin whose outbox does what a test chooses.
private struct Posting: Plugin, EventOutbox {
    static let manifest = PluginManifest(id: "posting", summary: "", specification: "")
    let kinds: Set<Event.Kind>

    init(settings: Settings, host: any PluginHost) {
        kinds = settings.read("extra", default: false, "test") ? [.userChanged, .issued] : Event.Kind.promised
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("posting", indexes: ["all"]))
        registry.add(outbox: self)
    }

    func writes(for event: Event) async throws -> [StoreWrite] {
        let id = "\(event.kind.rawValue)-\(event.requestID ?? "none")-\(event.subject?.id ?? event.grantID ?? "")"
        func create(_ collection: String, _ id: String) -> StoreWrite {
            .create(
                StoreRecord(
                    StoreKey(collection, id), [:], expiresAt: Timestamp(seconds: 1_900_000_000), indexes: ["all": "x"]))
        }
        switch OutboxTests.conduct {
        case .good: return [create("posting", id)]
        case .throwing: throw OAuthError(.serverError, reason: "a mistake of the outbox")
        case .ofOthers: return [create("session", id)]
        case .condition: return [.absent(StoreKey("posting", "nothing"))]
        case .twice: return [create("posting", id), create("posting", id)]
        case .taken: return [create("posting", "taken")]
        case .failing: throw StoreError("the store of the outbox fails")
        case .cancelled: throw CancellationError()
        case .away: throw PluginUnavailable("the plugin 'posting' was not called: a test", of: "posting")
        }
    }

    var isRequired: Bool { OutboxTests.isRequired }
}

/// A plugin that makes no mistake: it keeps a record of each promised event and of each revocation.
private struct Faithful: Plugin, EventOutbox, RevocationParticipant {
    static let manifest = PluginManifest(id: "faithful", summary: "", specification: "")
    let kinds = Event.Kind.promised

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("faithful", indexes: ["all"]))
        registry.add(outbox: self)
        registry.add(revocation: self)
    }

    private func record(_ id: String) -> StoreWrite {
        .create(
            StoreRecord(
                StoreKey("faithful", id), [:], expiresAt: Timestamp(seconds: 1_900_000_000), indexes: ["all": "x"]))
    }

    func writes(for event: Event) async throws -> [StoreWrite] { [record(event.kind.rawValue)] }

    func writes(revoking what: Revocation) async throws -> [StoreWrite] { [record("the revocation")] }
}

@Suite("Outboxes are committed with the change, and their mistakes prevent none", .timeLimit(.minutes(10)))
struct OutboxTests {
    enum Conduct: String, CaseIterable, Sendable {
        case good, throwing, ofOthers, condition, twice, taken, failing, cancelled, away

        static let mistakes: [Conduct] = [.throwing, .ofOthers, .condition, .twice, .taken, .cancelled]
    }

    @TaskLocal static var conduct = Conduct.good
    @TaskLocal static var isRequired = false

    private func server(_ more: [PluginSetup] = []) async throws -> TestServer {
        let server = try await TestServer(
            Plugins.all + [PluginSetup(Posting.self), PluginSetup(Plugins.adminAPI)] + more,
            clients: [Demo.web, AdminAPITests.manager], users: Demo.users, passwords: CountingPasswords())
        let taken = StoreRecord(StoreKey("posting", "taken"), [:], expiresAt: Timestamp(seconds: 1_900_000_000))
        #expect(try await server.core.store.write([.create(taken)]) == .committed)
        return server
    }

    private func posted(_ server: TestServer, _ collection: String = "posting") async throws -> [String] {
        try await server.core.store.find(collection, by: "all", equals: "x", after: nil, limit: 100).map(\.key.id)
    }

    /// Makes a change of each kind: a revocation, a sign-in with consent, and a user.
    private func change(_ server: TestServer) async throws -> (landed: Answer, user: Int) {
        let token = try await Hooks.adminToken(server)
        try await server.core.tokens.revoke(.grant("g"), reason: "a test")
        let browser = Browser(server)
        let landed = await browser.allow(await browser.signIn(await browser.authorize(Demo.request())))
        return (landed, await server.admin("POST", "/User", ["id": "eve"], token: token).status)
    }

    @Test("the sinks get the event with which the outbox was asked, after the commit")
    func sameEvent() async throws {
        let sink = RecordingSink.make()
        let server = try await server([sink.setup])
        let (landed, user) = try await change(server)
        #expect(landed.query["code"] != nil && user == 201)
        let events = try await sink.records.wait { $0.kind == .userChanged }
        let promised = events.filter { Event.Kind.promised.contains($0.kind) }
        let ids = promised.map {
            "\($0.kind.rawValue)-\($0.requestID ?? "none")-\($0.subject?.id ?? $0.grantID ?? "")"
        }
        #expect(try await posted(server).sorted() == ids.sorted())
        #expect(ids.count == 4, "\(ids)")
        #expect(promised.last?.details["by"] == ["client": "manager", "subject": "manager"])
        #expect(promised.last?.details["effects"] == ["created"])
    }

    @Test("after a mistake of an outbox the change is made without it, with what other plugins add, and logged")
    func mistakes() async throws {
        for conduct in Conduct.mistakes {
            let server = try await server([PluginSetup(Faithful.self)])
            try await Self.$conduct.withValue(conduct) {
                let (landed, user) = try await change(server)
                #expect(landed.query["code"] != nil && user == 201, "\(conduct)")
            }
            let ended = try await server.core.store.read([StoreKey("revoked", "g"), StoreKey("user", "eve")])
            #expect(ended.allSatisfy { $0 != nil }, "\(conduct)")
            #expect(try await posted(server).isEmpty, "\(conduct)")
            let lines = server.log.lines.filter { $0.contains("cannot be committed, so ") }
            #expect(lines.count == 4, "\(conduct): \(lines)")
            #expect(lines.allSatisfy { $0.contains("plugin=posting") }, "\(conduct): \(lines)")
            let others = ["consented", "grant_revoked", "signed_in", "the revocation", "user_changed"]
            #expect(try await posted(server, "faithful").sorted() == others, "\(conduct)")
        }
    }

    @Test("if the store of an outbox fails, no change is made, and it can be made again")
    func failing() async throws {
        let server = try await server()
        let token = try await Hooks.adminToken(server)
        await Self.$conduct.withValue(.failing) {
            await #expect(throws: StoreError.self) {
                try await server.core.tokens.revoke(.grant("g"), reason: "a test")
            }
            #expect(await server.admin("POST", "/User", ["id": "eve"], token: token).status == 503)
        }
        let ended = try await server.core.store.read([StoreKey("revoked", "g"), StoreKey("user", "eve")])
        #expect(ended.allSatisfy { $0 == nil })
        let (_, user) = try await change(server)
        #expect(user == 201)
    }

    @Test("a change is made without an outbox that cannot be asked, unless it is required", arguments: [false, true])
    func away(_ isRequired: Bool) async throws {
        let server = try await server()
        let token = try await Hooks.adminToken(server)
        await Self.$conduct.withValue(.away) {
            await Self.$isRequired.withValue(isRequired) {
                let answer = await server.admin("POST", "/User", ["id": "eve"], token: token)
                #expect(answer.status == (isRequired ? 503 : 201))
            }
        }
        let user = try await server.core.store.read(StoreKey("user", "eve"))
        #expect((user == nil) == isRequired)
    }

    @Test("an outbox for events with which nothing is committed is a mistake that is found when it is loaded")
    func unpromised() async throws {
        await #expect {
            _ = try await TestServer(Plugins.all + [PluginSetup(Posting.self, ["extra": true])])
        } throws: {
            "\(($0 as? ConfigurationError)?.message ?? "")".contains("an outbox for the events 'issued'")
        }
    }
}
