// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@Suite("The examples of the guide", .timeLimit(.minutes(10)))
struct SnippetTests {
    /// A new ticket for a client that may use the grant.
    private static func ticket(of plugin: TestPlugin) async throws -> String {
        let grant = try #require(plugin.plugin as? TicketGrant)
        let authorization = Authorization(subject: .user("ann"), limits: AccessLimits(scope: ["read"]))
        return try await grant.ticket(for: TestPlugin.client(for: grant.declaration).id, authorization)
    }

    private static let tickets = PluginUnderTest(TicketGrant.self)
        .accepting("urn:example:ticket-grant") { plugin in ["ticket": try await ticket(of: plugin)] }
        .on { host in host.users.add(User(id: "ann", isActive: true, document: [:])) }

    @Test("the grant of tickets keeps the rules of the kit", arguments: tickets.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("a ticket is redeemed once, and a replay ends what the first use got")
    func replay() async throws {
        let plugin = try await TestHost().load(TicketGrant.self)
        let ticket = try await Self.ticket(of: plugin)
        let token = try await plugin.token("urn:example:ticket-grant", ["ticket": ticket])
        #expect(try await plugin.host.tokens.resolve(token.value) != nil)
        await #expect(throws: OAuthError.self) {
            try await plugin.token("urn:example:ticket-grant", ["ticket": ticket])
        }
        #expect(try await plugin.host.tokens.resolve(token.value) == nil)
    }

    @Test("badges are found by their person, blocked one by one, and counted by the hour")
    func badges() async throws {
        let host = TestHost()
        try await host.store.declare([Badges.collection, Badges.readings])
        let badges = Badges(host: host.lent)
        for number in 1...250 {
            let record = badges.record("badge-\(number)", of: number % 2 == 0 ? "ann" : "ben")
            #expect(try await host.records.write([.create(record)]) == .committed)
        }
        #expect(try await badges.badges(of: "ann").count == 125)
        #expect(try await badges.blockAll() == 0)
        let blocked = try await badges.badges(of: "ben").filter { $0.value["blocked"]?.bool == true }
        #expect(blocked.count == 125)
        for count in 1...3 { #expect(try await badges.count("badge-1") == Int64(count)) }
        host.clock.advance(by: .seconds(3601))
        #expect(try await badges.count("badge-1") == 1)
        host.clock.advance(by: .seconds(400 * 86400))
        #expect(try await badges.badges(of: "ann").isEmpty)
    }

    @Test("an endpoint gets the variables of its path")
    func members() async throws {
        let (start, client) = (Timestamp(seconds: 0), Client.test())
        let authorization = Authorization(subject: .client(client.id), limits: AccessLimits(scope: ["groups"]))
        let token = ResolvedToken(
            kind: .access, id: "token", clientID: client.id, issuedAt: start, expiresAt: start + .seconds(900),
            authorization: authorization)
        let request = EndpointRequest(
            head: RequestHead(method: "GET", path: "/groups/a/members/b"),
            caller: Bearer(token: token, client: client), variables: ["group": "a", "id": "b"])
        let expected: JSON = ["group": "a", "member": "b"]
        #expect(try await Members().respond(to: request).body == expected)
    }

    @Test("an extension adds a member, and a write to the commit")
    func receipt() async throws {
        let host = TestHost()
        let grant = GrantDeclaration("urn:example:any", client: .confidential)
        let authorization = Authorization(subject: .client("client"), limits: AccessLimits(scope: []))
        var issuance = Issuance.test(authorization, for: .token(.test(grant)), at: host.clock.now)
        try await Receipt(host: host.lent).extend(&issuance)
        #expect(issuance["receipt"] != nil && issuance.writes.count == 1)
    }

    @Test("a night is scheduled once, however many servers start and however often its job runs")
    func nights() async throws {
        let host = TestHost()
        try await host.store.declare([NightlyCleaning.nights])
        let cleaning = NightlyCleaning(host: host.lent)
        let night = host.clock.now + .seconds(3600)
        for _ in 1...3 { try await cleaning.schedule(night) }
        let queued = try await host.jobs.queued()
        #expect(queued.count == 1 && queued.first?.notBefore == night)
        let payload = try #require(queued.first?.payload)
        for _ in 1...2 { try await cleaning.run(payload) }
        // The test has not taken the first one out of the queue.
        #expect(try await host.jobs.queued().count == 2)
        await #expect(throws: JobAbandoned.self) { try await cleaning.run([:]) }
    }

    @Test("a door that does not open is logged, and the client can try again")
    func door() async throws {
        let host = TestHost()
        host.network.respond { _ in OutboundReply(status: 503) }
        await #expect(throws: OAuthError.self) { try await DoorService(host: host.lent).open("north") }
        #expect(host.log.lines.map(\.message) == ["a door was not opened"])
        host.network.respond { _ in OutboundReply(status: 204) }
        try await DoorService(host: host.lent).open("north")
        #expect(host.network.sent.count == 2 && host.log.lines.count == 1)
    }

    @Test("a sealed link has its address until it expires, and a changed one has none")
    func link() async throws {
        let host = TestHost()
        let link = MailLink(host: host.lent)
        let token = try await link.token(for: "ann@example.com")
        #expect(try await link.address(in: token) == "ann@example.com")
        #expect(try await link.address(in: token + "x") == nil)
        host.clock.advance(by: .seconds(900))
        #expect(try await link.address(in: token) == nil)
    }

    /// What a user sees of a step: `done`, `skip`, or the problem on its page.
    private func seen(_ outcome: StepOutcome) -> String {
        switch outcome {
        case .done(let result): "done with \(result.amr.joined(separator: " "))"
        case .page(let page): page.values["problem"]?.string ?? "page"
        case .skip: "skip"
        case .refuse: "refused"
        @unknown default: "unknown"
        }
    }

    @Test("a step asks for a code until it is right, and not for ever")
    func step() async throws {
        let host = TestHost()
        let step = OneTimeCode(host: host.lent) { code, user in code == "271828" && user == "ann" }
        var interaction = Interaction.test(subject: .user("ann"))
        #expect(seen(try await step.advance(interaction, submitted: [:])) == "page")
        for _ in 1...5 {
            #expect(seen(try await step.advance(interaction, submitted: ["code": "314159"])) == "wrong")
        }
        #expect(seen(try await step.advance(interaction, submitted: ["code": "271828"])) == "later")
        let other = OneTimeCode(host: TestHost().lent, isRight: step.isRight)
        #expect(seen(try await other.advance(interaction, submitted: ["code": "271828"])) == "done with otp")
        interaction.kept = ["problem": "wrong"]
        #expect(seen(try await other.advance(interaction, submitted: [:])) == "wrong")
        interaction.amr = ["otp"]
        #expect(seen(try await other.advance(interaction, submitted: [:])) == "skip")
        #expect(seen(try await other.advance(Interaction.test(), submitted: [:])) == "refused")
    }

    @Test("users of several companies choose one of their own, and tokens have it")
    func company() async throws {
        let host = TestHost()
        let document: JSON = ["companies": ["baker", "miller"]]
        host.users.add(User(id: "ann", isActive: true, document: document))
        host.users.add(User(id: "ben", isActive: true, document: ["companies": ["baker"]]))
        host.users.add(User(id: "eve", isActive: true, document: [:]))
        let step = CompanyChoice(host: host.lent)
        let ann = Interaction.test(subject: .user("ann"))
        for submitted: Parameters in [[:], ["company": "carpenter"], ["company": ""]] {
            #expect(seen(try await step.advance(ann, submitted: submitted)) == "page")
        }
        let own = try await step.advance(ann, submitted: ["company": "miller"])
        #expect(try await claims(of: step, after: own) == [JSON.Member("company", "miller")])
        let only = try await step.advance(Interaction.test(subject: .user("ben")), submitted: [:])
        #expect(try await claims(of: step, after: only) == [JSON.Member("company", "baker")])
        let none = try await step.advance(Interaction.test(subject: .user("eve")), submitted: ["company": "baker"])
        #expect(seen(none) == "skip")
        #expect(try await claims(of: step, after: none).isEmpty)
        #expect(seen(try await step.advance(Interaction.test(), submitted: [:])) == "refused")
    }

    /// The claims of a token that is issued after a step.
    private func claims(of step: CompanyChoice, after outcome: StepOutcome) async throws -> [JSON.Member] {
        var authorization = Authorization(subject: .user("ann"), limits: AccessLimits(scope: ["read"]))
        if case .done(let result) = outcome { authorization.attachments = result.attachments }
        return try await step.claims(for: .test(authorization, for: .accessToken))
    }
}
