// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// A plugin with every role; the call that a test chooses throws.
private struct Failing: Plugin {
    static let manifest = PluginManifest(id: "failing", summary: "", specification: "")
    static let grant = GrantDeclaration("failing", client: .identified)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(grant: Grant())
        registry.add(extension: Member())
        registry.add(format: Format())
        registry.add(flow: Flow())
        registry.add(endpoint: ForClients())
        registry.add(endpoint: ForTokens())
        registry.add(endpoint: ForBrowsers())
        registry.add(endpoint: Begin())
        registry.add(purpose: Purpose())
        registry.add(tokenFilter: TokenFilter())
        registry.add(requestFilter: RequestFilter())
        registry.add(step: Step())
        registry.add(claims: Source())
        registry.add(job: Chore())
        registry.add(revocation: Participant())
        registry.add(outbox: Outbox())
    }

    struct Grant: TokenGrant {
        let declaration = Failing.grant

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            try AttributionTests.fail(.grant)
            return Authorization(subject: .client(request.client.id), limits: request.allowed)
        }
    }

    struct Member: ResponseExtension {
        let members = ["failing_member"]

        func extend(_ issuance: inout Issuance) async throws { try AttributionTests.fail(.member) }
    }

    struct Format: TokenFormat {
        let name = "failing"
        let isSelfContained = true

        func mint(_ contents: TokenContents) async throws -> MintedToken {
            try AttributionTests.fail(.format)
            return MintedToken("a token")
        }

        func resolve(_ value: String) async throws -> ResolvedToken? {
            try AttributionTests.fail(.resolver)
            return nil
        }
    }

    struct Flow: AuthorizationFlow {
        let word = "failing"
        let grant = Failing.grant
        let delivery = Delivery.query

        func validate(_ request: AuthorizationRequest) async throws { try AttributionTests.fail(.validation) }

        func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
            try AttributionTests.fail(.flow)
            try issuance.add("failing", "done")
        }
    }

    struct ForClients: Endpoint {
        let route = Route(["POST"], "/for-clients")
        let admission = Admission.client(.identified)
        let parameters: [ParameterDeclaration] = []

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            try AttributionTests.fail(.endpoint)
            return EndpointResponse(["done": true])
        }
    }

    struct ForTokens: Endpoint {
        let route = Route(["GET"], "/for-tokens")
        let admission = Admission.bearer(["read"])

        func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
            try AttributionTests.fail(.resource)
            return EndpointResponse(["done": true])
        }
    }

    struct ForBrowsers: Endpoint {
        let route = Route(["GET"], "/for-browsers")
        let admission = Admission.browser()

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            try AttributionTests.fail(.page)
            return EndpointResponse(["done": true])
        }
    }

    struct Begin: Endpoint {
        let route = Route(["GET"], "/begin")
        let admission = Admission.browser()

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            .interaction("failing", context: [:])
        }
    }

    struct Purpose: InteractionPurpose {
        let name = "failing"
        let grant = Failing.grant

        func request(for context: JSON) async throws -> PurposeRequest {
            try AttributionTests.fail(.purpose)
            let client = Client(id: "c", isPublic: true, grants: [], scope: [])
            return PurposeRequest(client: client, limits: AccessLimits(scope: ["read"]))
        }

        func approved(_ authorization: Authorization, for context: JSON) async throws -> PurposeAnswer {
            try AttributionTests.fail(.approval)
            return PurposeAnswer(Page("signed_out"))
        }

        func denied(for context: JSON) async throws -> PurposeAnswer {
            try AttributionTests.fail(.denial)
            return PurposeAnswer(Page("signed_out"))
        }
    }

    struct TokenFilter: TokenRequestFilter {
        func admit(_ request: TokenRequest) async throws { try AttributionTests.fail(.admission) }

        func narrow(
            _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
        ) async throws { try AttributionTests.fail(.narrowing) }
    }

    struct RequestFilter: AuthorizationRequestFilter {
        func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
            try AttributionTests.fail(.request)
        }
    }

    struct Step: InteractionStep {
        let name = "failing"
        let phase = StepPhase.choose
        let fields: [ParameterDeclaration] = []

        func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
            try AttributionTests.fail(.step)
            return .skip
        }
    }

    struct Source: ClaimsSource {
        let claims = ["failing_claim"]
        let destinations: Set<ClaimsDestination> = [.accessToken]

        func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
            try AttributionTests.fail(.claims)
            return []
        }
    }

    struct Chore: JobHandler {
        let name = "failing-chore"

        func run(_ payload: JSON) async throws { throw AttributionTests.Odd() }
    }

    struct Participant: RevocationParticipant {
        func writes(revoking what: Revocation) async throws -> [StoreWrite] {
            if case .grant("odd") = what { throw AttributionTests.Odd() }
            return []
        }
    }

    struct Outbox: EventOutbox {
        let kinds: Set<Event.Kind> = [.grantRevoked]

        func writes(for event: Event) async throws -> [StoreWrite] {
            if event.grantID == "promised" { throw AttributionTests.Odd() }
            return []
        }
    }
}

@Suite("An error of a plugin is logged with the plugin's id", .timeLimit(.minutes(10)))
struct AttributionTests {
    /// An error that only its plugin knows.
    struct Odd: Error, CustomStringConvertible {
        let description = "an odd error"
    }

    /// The calls, by the names that the log has for them.
    enum Call: String, CaseIterable, Sendable {
        case grant = "TokenGrant.authorize"
        case member = "ResponseExtension.extend"
        case format = "TokenFormat.mint"
        case resolver = "TokenResolver.resolve"
        case validation = "AuthorizationFlow.validate"
        case flow = "AuthorizationFlow.respond"
        case endpoint = "Endpoint.respond"
        case resource
        case page
        case admission = "TokenRequestFilter.admit"
        case narrowing = "TokenRequestFilter.narrow"
        case request = "AuthorizationRequestFilter.apply"
        case step = "InteractionStep.advance"
        case claims = "ClaimsSource.claims"
        case purpose = "InteractionPurpose.request"
        case approval = "InteractionPurpose.approved"
        case denial = "InteractionPurpose.denied"

        /// The name in the log, which is the same for endpoints of all callers.
        var name: String {
            switch self {
            case .resource, .page: Call.endpoint.rawValue
            default: rawValue
            }
        }
    }

    /// The kinds of errors.
    enum Kind: CaseIterable, Sendable {
        case own, refusal, store
    }

    /// What throws, and what it throws.
    struct Choice: Sendable {
        let call: Call
        let kind: Kind
    }

    @TaskLocal static var choice: Choice?

    static func fail(_ call: Call) throws {
        guard let choice, choice.call == call else { return }
        switch choice.kind {
        case .own: throw Odd()
        case .refusal: throw OAuthError(.accessDenied, "no", reason: "a rule of the plugin")
        case .store: throw StoreError("the store is away")
        }
    }

    private static func client(_ id: String, format: String) -> JSON {
        [
            "id": .string(id), "first_party": true, "scope": ["read"], "grant_types": ["failing"],
            "redirect_uri": .string(Demo.callback), "auth": ["failing": ["token_format": .string(format)]],
        ]
    }

    private func server(isDevelopment: Bool = false) async throws -> TestServer {
        try await TestServer(
            Plugins.all + [.init(Failing.self)],
            clients: [
                Self.client("c", format: "opaque"), Self.client("f", format: "failing"), TestServer.service,
            ], users: Demo.users, isDevelopment: isDevelopment)
    }

    private static func token(_ server: TestServer, _ client: String = "c") async -> Answer {
        await server.post("/auth/token", [("grant_type", "failing"), ("client_id", client)])
    }

    /// Sends a request that leads to the call; before that, nothing throws.
    private static func ask(_ call: Call, _ kind: Kind, _ server: TestServer) async -> Answer {
        let bearer = await token(server)["access_token"] ?? ""
        let browser = Browser(server)
        return await $choice.withValue(Choice(call: call, kind: kind)) {
            switch call {
            case .grant, .member, .admission, .narrowing: return await token(server)
            case .format, .claims: return await token(server, "f")
            case .endpoint: return await server.post("/auth/for-clients", [("client_id", "c")])
            case .resource:
                return await server.send("GET", "/auth/for-tokens", headers: [("authorization", "Bearer \(bearer)")])
            case .resolver:
                return await server.send("GET", "/auth/for-tokens", headers: [("authorization", "Bearer unknown")])
            case .page: return await server.send("GET", "/auth/for-browsers")
            case .validation, .request, .flow, .step:
                let page = await browser.authorize([
                    ("response_type", "failing"), ("client_id", "c"), ("redirect_uri", Demo.callback),
                    ("scope", "read"),
                ])
                return call == .validation || call == .request ? page : await browser.signIn(page)
            case .purpose: return await browser.open("/auth/begin")
            case .approval: return await browser.allow(await browser.signIn(await browser.open("/auth/begin")))
            case .denial:
                let consent = await browser.signIn(await browser.open("/auth/begin"))
                return await browser.submit(consent, [("decision", "deny")])
            }
        }
    }

    @Test("whatever it throws, in every role", arguments: Call.allCases, Kind.allCases)
    func named(_ call: Call, _ kind: Kind) async throws {
        let server = try await server()
        let answer = await Self.ask(call, kind, server)
        let lines = server.log.lines.filter { $0.hasPrefix("error failed") || $0.hasPrefix("info refused") }
        let line = try #require(lines.last, "\(answer.status) \(answer.html)")
        #expect(lines.count == 1 && line.contains(" plugin=failing"), "\(lines)")
        switch kind {
        case .own:
            #expect(line.hasPrefix("error failed") && line.contains("call=\(call.name) "), "\(line)")
            #expect(line.contains("error=an odd error") && answer.status == 500)
        case .refusal:
            #expect(line.hasPrefix("info refused") && line.contains("reason=a rule of the plugin"), "\(line)")
        case .store:
            #expect(line.hasPrefix("error failed") && line.contains("error=the store is away"), "\(line)")
            #expect(answer.status == 503)
        }
    }

    @Test("the plugin that threw is named, not the one that called it through the host")
    func first() async throws {
        let server = try await server()
        let answer = await Self.$choice.withValue(Choice(call: .resolver, kind: .own)) {
            await server.introspect("unknown")
        }
        let line = try #require(server.log.lines.last { $0.hasPrefix("error failed") })
        #expect(answer.error == "server_error" && line.contains(" plugin=failing") && line.contains("introspect"))
    }

    @Test("in background jobs, in revocations and in outboxes too")
    func background() async throws {
        let server = try await server()
        let job = try await server.core.jobs.enqueue(Job("failing-chore", [:], limit: .seconds(3600)))
        #expect(try await server.core.store.write([job]) == .committed)
        #expect(await JobRunner(server.core).round() == 0)
        let line = try #require(server.log.lines.last { $0.contains("a job failed") })
        #expect(line.contains(" plugin=failing") && line.contains("error=an odd error"))
        try await server.core.tokens.revoke(.grant("odd"), reason: "test")
        let left = try #require(server.log.lines.last { $0.contains("left out") })
        #expect(left.contains("plugin=failing") && left.contains("error=an odd error"))
        try await server.core.tokens.revoke(.grant("promised"), reason: "test")
        let added = try #require(server.log.lines.last { $0.contains("the writes that a plugin adds to a change") })
        #expect(added.contains("plugin=failing") && added.contains("error=an odd error"))
    }

    @Test("an error of the store names the plugin of the store")
    func store() async throws {
        let server = try await TestServer([PluginSetup(CountingStore.self)] + Plugins.all.dropFirst())
        let store = try #require(server.countingStore)
        store.fail(true)
        #expect(await server.token().status == 503)
        let line = try #require(server.log.lines.last { $0.hasPrefix("error failed") })
        #expect(line.contains(" plugin=counting-store"))
    }

    // MARK: development

    @Test("a client learns nothing of it, except during development")
    func description() async throws {
        let closed = await Self.ask(.grant, .own, try await server())
        #expect(closed["error_description"] == "the request failed; see request request-1 in the server's log")
        let open = await Self.ask(.grant, .own, try await server(isDevelopment: true))
        #expect(open.status == 500 && open.error == "server_error")
        #expect(
            open["error_description"] == "the plugin 'failing' failed in TokenGrant.authorize: an odd error")
        let refused = await Self.ask(.grant, .refusal, try await server(isDevelopment: true))
        #expect(refused["error_description"] == "no", "a refusal is no error of the server")
    }

    @Test("nor does a page show it, except during development")
    func page() async throws {
        let shown = "the plugin &#39;failing&#39; failed in Endpoint.respond: an odd error"
        let closed = await Self.ask(.page, .own, try await server())
        #expect(closed.status == 500 && !closed.html.contains("odd error"))
        let open = await Self.ask(.page, .own, try await server(isDevelopment: true))
        #expect(open.status == 500 && open.html.contains(shown), "\(open.html)")
    }
}
