// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import GrantKitTesting
import Logging
import PluginProcesses
import Support
import Testing

@Suite("The roles of plugins in processes of their own", .timeLimit(.minutes(10)))
struct PluginRoleTests {
    private static let client = Client(
        id: "a", isPublic: false, grants: ["g"], scope: ["read", "write"], document: ["name": "A"])
    private static let head = RequestHead(method: "POST", path: "/auth/token")
    private static let limits = AccessLimits(scope: ["read", "write"], mayRefresh: false)
    private static let granted = Authorization(subject: .user("ann"), limits: limits)

    private static func request(_ parameters: Parameters = [:]) -> TokenRequest {
        TokenRequest(
            grant: GrantDeclaration("g", client: .confidential), client: client, parameters: parameters, head: head,
            allowed: limits)
    }

    /// Starts a plugin with one of each role.
    private static func with(isStarted: Bool = true, _ body: (Registry) async throws -> Void) async throws {
        let start = """
            import sys, runpy; sys.path.insert(0, "\(FaultyProgram.root)/Languages/Python"); \
            runpy.run_path("\(FaultyProgram.root)/Tests/Fixtures/plugin-process/roles.py")
            """
        let host = TestHost()
        let program = PluginProgram(
            plugin: "roles", arguments: ["/usr/bin/python3", "-Bs", "-c", start], settings: [:],
            server: ServerFacts(issuer: host.issuer, basePath: "/auth", algorithms: []), limits: .ofTests())
        let description = try PluginDescription(form: PluginDescriber.describe(program), of: "roles")
        let processes = PluginProcesses(program, description, host.lent, Logger(label: "test") { _ in RecordedLog() })
        var registry = Registry()
        try processes.register(in: &registry)
        if isStarted { try await processes.start() }
        do {
            try await body(registry)
        } catch {
            await processes.stop()
            throw error
        }
        await processes.stop()
    }

    @Test("a filter refuses, and narrows to nothing beyond what was allowed")
    func filter() async throws {
        try await Self.with { registry async throws in
            let filter = try #require(registry.tokenFilters.first)
            #expect(filter.parameters.map(\.name) == ["refuse"])
            try await filter.admit(Self.request())
            let refusal = await #expect(throws: OAuthError.self) {
                try await filter.admit(Self.request(["refuse": "yes"]))
            }
            #expect(refusal?.code == .invalidTarget && refusal?.description == "refused by the filter")
            var limits = Self.limits
            try await filter.narrow(&limits, of: Self.granted, for: Self.request())
            #expect(limits.scope == ["read"] && limits.notAfter?.seconds == 7 && !limits.mayRefresh)
        }
    }

    @Test("a client attribute without a type is checked by the program, before it is started and afterwards")
    func attributes() async throws {
        let values = [2, 3].map { AttributeValue("half", at: .everyGrant, $0) }
        try await Self.with { registry async throws in
            let check = try #require(registry.attributeCheck)
            #expect(try await check.problems(with: values) == [nil, "must be even, and 3 is odd"])
        }
        try await Self.with(isStarted: false) { registry async throws in
            let check = try #require(registry.attributeCheck)
            #expect(try await check.problems(with: values) == [nil, "must be even, and 3 is odd"])
            let wrong = AttributeValue("half", at: .everyGrant, "x")
            let error = await #expect(throws: PluginUnavailable.self) { try await check.problems(with: [wrong]) }
            #expect(error?.description.contains("it cannot answer the call 'check_attributes': TypeError") == true)
        }
    }

    @Test("few processes check attributes at once before the program is started")
    func manyChecks() async throws {
        let value = AttributeValue("half", at: .everyGrant, 3)
        try await Self.with(isStarted: false) { registry async throws in
            let check = try #require(registry.attributeCheck)
            let refusals = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        do {
                            return try await check.problems(with: [value]).count == 1 ? nil : "no answer"
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { if let text = $1 { $0.append(text) } }
            }
            #expect(refusals.count < 40)
            #expect(!refusals.isEmpty && refusals.allSatisfy { $0.contains("too many of its processes are checking") })
        }
    }

    @Test("a value that is too deep for its process fails the call, and the process keeps running")
    func deepValue() async throws {
        try await Self.with { registry async throws in
            let filter = try #require(registry.tokenFilters.first)
            let deep: JSON = (0..<62).reduce([:]) { value, _ in ["in": value] }
            let client = Client(id: "a", isPublic: false, grants: ["g"], scope: ["read"], document: deep)
            let request = TokenRequest(
                grant: Self.request().grant, client: client, parameters: [:], head: Self.head, allowed: Self.limits)
            await #expect(throws: FrameError.self) { try await filter.admit(request) }
            try await filter.admit(Self.request())
        }
    }

    @Test("an extension adds its member and a write, and sees those of others")
    func `extension`() async throws {
        try await Self.with { registry async throws in
            var issuance = Issuance(
                authorization: Self.granted, client: Self.client, limits: Self.limits, answer: .token(Self.request()),
                issuedAt: Timestamp(seconds: 5))
            try issuance.add("former", "stays")
            try await #require(registry.extensions.first).extend(&issuance)
            #expect(issuance["former"] == "stays" && issuance["extended"] == "a")
            #expect(issuance.writes.count == 1 && "\(issuance.writes)".contains("extend"))
        }
    }

    @Test("a source of claims is told of the user and the destination", arguments: ["ann", nil])
    func claims(user: String?) async throws {
        try await Self.with { registry async throws in
            let source = try #require(registry.claimsSources.first)
            #expect(source.claims == ["team", "at"] && source.destinations == [.userinfo])
            let user = user.map { User(id: $0, isActive: true, document: [:], epoch: 0) }
            let claims = try await source.claims(
                for: ClaimsRequest(
                    user: user, client: Self.client, authorization: Self.granted, scope: ["read"],
                    destination: .userinfo))
            #expect(JSON.object(claims) == ["team": .string(user?.id ?? "nobody"), "at": "userinfo"])
        }
    }

    @Test("a sink accepts more events than fit into a frame, and keeps those that it refuses")
    func sink() async throws {
        try await Self.with { registry async throws in
            let sink = try #require(registry.eventSinks.first)
            let text = JSON.string(String(repeating: "x", count: 10_000))
            let event = Event(Event.Kind(rawValue: "roles.big"), details: ["text": text])
            try await sink.write(Array(repeating: event, count: 512))
            // Otherwise the server would try the same events again without end.
            let large = Event(event.kind, details: ["text": .string(String(repeating: "x", count: Frame.largest))])
            let deep = Event(event.kind, details: (0..<60).reduce([:]) { value, _ in ["in": value] })
            try await sink.write([event, large, event, deep])
            await #expect(throws: (any Error).self) {
                try await sink.write([Event(Event.Kind(rawValue: "roles.refused"))])
            }
        }
    }

    @Test("a job runs, and one that can never succeed is given up")
    func job() async throws {
        try await Self.with { registry async throws in
            let handler = try #require(registry.jobs.first)
            #expect(handler.name == "roles-job")
            try await handler.run("now")
            await #expect(throws: JobAbandoned.self) { try await handler.run("never") }
        }
    }

    @Test("an endpoint gets its caller and variables, and answers with status, headers and writes")
    func endpoint() async throws {
        try await Self.with { registry async throws in
            let endpoint = try #require(registry.endpoints.first as? any Endpoint<Client>)
            #expect(endpoint.route == Route(["GET"], "/hello/{name}"))
            let response = try await endpoint.respond(
                to: EndpointRequest(head: Self.head, caller: Self.client, variables: ["name": "Zoë"]))
            #expect(response.status == 201 && response.body == ["hello": "Zoë", "caller": "a"])
            #expect(response.headers == ["x-role": "yes"] && response.writes.count == 1)
        }
    }

    // MARK: sign-in and consent

    private static func asked(_ parameters: Parameters = [:]) -> AuthorizationRequest {
        AuthorizationRequest(
            client: client, redirectURI: "https://app.example/cb", words: ["proof"], grants: [], parameters: parameters,
            head: head)
    }

    @Test("a filter of authorization requests makes them stricter, and cannot take back what others require")
    func requestFilter() async throws {
        try await Self.with { registry async throws in
            let filter = try #require(registry.requestFilters.first)
            var policy = InteractionPolicy(limits: Self.limits)
            (policy.prompts, policy.maxAge, policy.attachments) = ([.login], .seconds(30), ["other": "first"])
            policy.consent.add(ConsentWarning("roles_warning"))
            await #expect(throws: (any Error).self, "it leaves out a warning") {
                try await filter.apply(Self.asked(), &policy)
            }
            policy.consent = ConsentTerms()
            try await filter.apply(Self.asked(), &policy)
            #expect(policy.limits.scope == ["read"] && !policy.limits.mayRefresh && policy.prompts == [.login])
            #expect(policy.maxAge == .seconds(30) && policy.consent.isAskedEachTime)
            #expect(policy.attachments == ["roles": 1, "other": "first"])
            let refusal = await #expect(throws: OAuthError.self) {
                try await filter.apply(Self.asked(["refuse": "yes"]), &policy)
            }
            #expect(refusal?.description == "refused by the filter")
        }
    }

    @Test("a step shows a page, refuses, skips and finishes")
    func step() async throws {
        try await Self.with { registry async throws in
            let step = try #require(registry.steps.first)
            #expect(step.name == "roles-step" && step.phase == .verify && step.fields.map(\.name) == ["code"])
            var interaction = Interaction(
                client: Self.client, policy: InteractionPolicy(limits: Self.limits), address: "192.0.2.7")
            guard case .page(let page) = try await step.advance(interaction, submitted: [:]) else {
                Issue.record("no page")
                return
            }
            #expect(page.name == "roles-page" && page.values == ["at": "192.0.2.7"] && page.kept == ["n": 1])
            interaction.kept = page.kept
            guard case .done(let result) = try await step.advance(interaction, submitted: ["code": "1"]) else {
                Issue.record("not done")
                return
            }
            #expect(result.subject == .user("ann") && result.epoch == 3 && result.amr == ["otp"])
            #expect(result.attachments == ["roles": ["n": 1]])
            guard case .refuse(let error) = try await step.advance(interaction, submitted: ["code": "bad"]),
                case .skip = try await step.advance(interaction, submitted: ["code": "skip"])
            else {
                Issue.record("another outcome")
                return
            }
            #expect(error.code == .accessDenied)
            await #expect(throws: (any Error).self) {
                try await step.advance(interaction, submitted: ["code": "broken"])
            }
        }
    }

    @Test("a response type refuses requests, and adds members and writes to the response")
    func flow() async throws {
        try await Self.with { registry async throws in
            let flow = try #require(registry.flows.first)
            #expect(flow.word == "proof" && flow.grant.wire == "roles" && flow.combinesWith == ["code"])
            #expect(flow.delivery == .fragment && flow.stage == .assertion && !flow.issuesAccessToken)
            try await flow.validate(Self.asked())
            await #expect(throws: OAuthError.self) { try await flow.validate(Self.asked(["refuse": "yes"])) }
            var issuance = Issuance(
                authorization: Self.granted, client: Self.client, limits: Self.limits,
                answer: .authorization(Self.asked()), issuedAt: Timestamp(seconds: 5))
            try await flow.respond(&issuance, to: Self.asked())
            #expect(issuance["proof"] == "ann" && issuance.writes.count == 1)
        }
    }

    @Test("a purpose says what is asked and shows the result, or that there already is one")
    func purpose() async throws {
        try await Self.with { registry async throws in
            let purpose = try #require(registry.purposes.first)
            #expect(purpose.name == "roles-purpose" && purpose.grant.key == "roles")
            let request = try await purpose.request(for: ["client": Self.client.form])
            #expect(request.client.id == "a" && request.limits.scope == ["read"] && request.consent.isAskedEachTime)
            let answer = try await purpose.approved(Self.granted, for: [:])
            #expect(answer.page.values == ["user": "ann"] && answer.writes.count == 1)
            let settled = await #expect(throws: PurposeSettled.self) { try await purpose.request(for: "settled") }
            #expect(settled?.page.name == "roles-page")
        }
    }

    @Test("outboxes, participants and products return writes, which belong to the change")
    func writers() async throws {
        try await Self.with { registry async throws in
            let outbox = try #require(registry.outboxes.first)
            #expect(outbox.kinds == [.signedIn])
            #expect(try await outbox.writes(for: Event(.signedIn)).count == 1)
            #expect(try await registry.revocationParticipants.first?.writes(revoking: .session("s")).count == 1)
            let product = try #require(registry.products.first)
            #expect(product.types == ["urn:example:made"] && product.longestLife == .seconds(60))
            let made = try await product.make(
                TokenContents(
                    id: "t", client: Self.client, authorization: Self.granted, issuedAt: Timestamp(seconds: 5),
                    expiresAt: Timestamp(seconds: 9)))
            #expect(made.value == "made for a" && made.writes.count == 1)
        }
    }

    @Test("an outbox says whether it is required, and that it cannot be asked")
    func requiredOutbox() async throws {
        var stopped = Registry()
        try await Self.with { registry async throws in
            stopped = registry
            #expect(try await registry.outboxes[1].writes(for: Event(.consented)).count == 1)
        }
        #expect(stopped.outboxes.map(\.isRequired) == [false, true])
        for outbox in stopped.outboxes {
            await #expect(throws: PluginUnavailable.self) { try await outbox.writes(for: Event(.consented)) }
        }
    }

    @Test("commands write to a sink that takes events from them, and to no other")
    func sinksOfCommands() async throws {
        try await Self.with { registry async throws in
            #expect(registry.eventSinks.map(\.takesFromCommands) == [false, true])
        }
    }

    @Test("an authenticator is asked only about requests with one of its parameters")
    func authenticator() async throws {
        try await Self.with { registry async throws in
            let role = try #require(registry.authenticators.first)
            #expect(role.methods == [AuthenticationMethod("roles_proof", with: .other)])
            #expect(try await role.claim(in: AuthenticationRequest(head: Self.head, parameters: [:])) == nil)
            let request = AuthenticationRequest(head: Self.head, parameters: ["proof": "a"])
            let claim = try #require(await role.claim(in: request))
            #expect(claim.clientID == "a" && claim.method == "roles_proof")
            try await role.prove(claim, of: Self.client, in: request)
            let other = ClientClaim(clientID: "b", method: "roles_proof")
            await #expect(throws: OAuthError.self) { try await role.prove(other, of: Self.client, in: request) }
        }
    }

    @Test("an issuer is described by its keys and rules")
    func issuer() async throws {
        try await Self.with { registry async throws in
            let issuer = try #require(registry.issuers.first)
            guard case .address(let address) = issuer.keys else {
                Issue.record("no address")
                return
            }
            #expect(issuer.name == "https://issuer.example" && address == "https://issuer.example/jwks")
            #expect(issuer.rules.types == ["JWT"] && issuer.rules.issuer == issuer.name)
            #expect(issuer.rules.longestLife == .seconds(60) && issuer.rules.isSingleUse)
        }
    }
}
