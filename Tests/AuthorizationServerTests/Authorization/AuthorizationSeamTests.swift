// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// Two response types, steps of every phase, a filter, claims, a resource and a document, all with random names, so
/// that the core cannot know any of them.
struct RandomlyNamedPeople: Plugin {
    static let word = String((0..<12).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" })
    static let manifest = PluginManifest(id: word, summary: "", specification: "")
    static let grant = GrantDeclaration("urn:\(word):grant", key: "\(word)_key", client: .identified)
    static let other = GrantDeclaration("urn:\(word):other", key: "\(word)_other", client: .identified)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(flow: Vouching())
        registry.add(flow: TokenIssuer())
        registry.add(requestFilter: Filter())
        for phase in [StepPhase.choose, .verify, .identify] { registry.add(step: Step(phase: phase)) }
        registry.add(claims: Claims())
        registry.add(endpoint: Resource())
        registry.add(extension: Member())
        registry.add(document: Self.word, adding: [.init("issuer", "own"), .init("added", true)])
    }

    /// Issues an access token in the fragment.
    struct TokenIssuer: AuthorizationFlow {
        let word = "\(RandomlyNamedPeople.word)_a"
        let grant = RandomlyNamedPeople.grant
        let delivery = Delivery.fragment
        let issuesAccessToken = true

        func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {}
    }

    /// Adds a value that covers the members before it.
    struct Vouching: AuthorizationFlow {
        let word = "\(RandomlyNamedPeople.word)_b"
        let grant = RandomlyNamedPeople.other
        let combinesWith: Set<String> = ["\(RandomlyNamedPeople.word)_a"]
        let delivery = Delivery.query
        let stage = Stage.assertion
        let parameters = [ParameterDeclaration("\(RandomlyNamedPeople.word)_needed")]

        func validate(_ request: AuthorizationRequest) async throws {
            _ = try request.parameters.required("\(RandomlyNamedPeople.word)_needed")
        }

        func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
            let names = issuance.members.map(\.name).joined(separator: ",")
            try issuance.add("seen", .string("\(names) under \(issuance.authorization.origin)"))
        }
    }

    struct Filter: AuthorizationRequestFilter {
        let parameters = [ParameterDeclaration("\(word)_narrow"), ParameterDeclaration("\(word)_for")]

        func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
            if let audience = request.parameters["\(word)_for"] { try policy.limits.keep(audience: [audience]) }
            guard let text = request.parameters["\(word)_narrow"] else { return }
            policy.limits.keep { $0 != text }
            policy.attachments[word] = ["narrowed": .string(text)]
        }
    }

    struct Step: InteractionStep {
        let phase: StepPhase
        var name: String { "\(word)_\(phase)" }
        let fields = [ParameterDeclaration("answer", longest: 16)]

        func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
            if phase == .choose, !interaction.policy.limits.scope.contains("choosy") { return .skip }
            if phase == .verify, interaction.amr.contains("two") { return .skip }
            guard let answer = submitted["answer"] else {
                let kept = interaction.kept ?? ["asked": .string("\(phase)")]
                return .page(Page("sign_in", ["title": "\(phase)"], kept: kept))
            }
            guard interaction.kept?["asked"]?.string == "\(phase)" else {
                return .refuse(OAuthError(.accessDenied, "the page of another step"))
            }
            switch (phase, answer) {
            case (_, "no"): return .refuse(OAuthError(.accessDenied, "the step says no"))
            case (.identify, _): return .done(StepResult(subject: .user(answer), amr: ["one"], acr: "low"))
            case (.verify, _): return .done(StepResult(amr: ["two"], acr: "high"))
            default: return .done(StepResult(attachments: [word: ["chosen": .string(answer)]]))
            }
        }
    }

    struct Claims: ClaimsSource {
        let claims = ["\(word)_claim"]

        func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
            [.init("\(word)_claim", .string(request.user?.id ?? "")), .init("undeclared", true)]
        }
    }

    struct Resource: Endpoint {
        let route = Route(["GET"], "/\(word)", metadata: "\(word)_endpoint")
        let admission = Admission.bearer(["read"])

        func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
            var response = EndpointResponse(["attached": request.caller.token.authorization.attachments[word] ?? .null])
            response.headers["X-Grantor"] = "here"
            return response
        }
    }

    /// Adds a member, also at the authorization endpoint.
    struct Member: ResponseExtension {
        let members = ["\(word)_member"]

        func extend(_ issuance: inout Issuance) async throws {
            guard case .authorization(let request) = issuance.answer else { return }
            try issuance.add("\(word)_member", .string(request.words.sorted().joined(separator: "+")))
        }
    }
}

@Suite("The core runs flows, steps and claims that it does not know", .timeLimit(.minutes(10)))
struct AuthorizationSeamTests {
    private let word = RandomlyNamedPeople.word
    private static let client: JSON = [
        "id": "app", "first_party": true, "scope": ["read", "write", "choosy"], "redirect_uri": .string(Demo.callback),
        "grant_types": [.string(RandomlyNamedPeople.grant.key), .string(RandomlyNamedPeople.other.key)],
    ]

    private func server() async throws -> TestServer {
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, RandomlyNamedPeople.self].map { PluginSetup($0) }
        return try await TestServer(plugins, clients: [Self.client], users: Demo.users)
    }

    private func request(_ words: [String], _ more: [(String, String)] = []) -> [(String, String)] {
        let type = words.map { "\(word)_\($0)" }.joined(separator: " ")
        return [
            ("response_type", type), ("client_id", "app"), ("redirect_uri", Demo.callback), ("state", "s-1"),
            ("\(word)_needed", "x"), ("scope", "read write"),
        ] + more
    }

    @Test("an access token comes in the fragment, under its own grant, and before the member that covers it")
    func combined() async throws {
        let server = try await server()
        let browser = Browser(server)
        let landed = await browser.walk(request(["b", "a"]), ["ann", "yes"])
        #expect(landed.query.isEmpty && landed.landing == Demo.callback)
        let members = landed.fragment
        #expect(members["access_token"] != nil && members["token_type"] == "Bearer" && members["expires_in"] == "900")
        #expect(members["seen"]?.hasPrefix("access_token,token_type,expires_in") == true)
        #expect(members["seen"]?.hasSuffix("under \(RandomlyNamedPeople.other.key)") == true)
        #expect(members["\(word)_member"] == "\(word)_a+\(word)_b")
        #expect(members["refresh_token"] == nil && members["state"] == "s-1")
        let token = try #require(try await server.core.tokens.resolve(members["access_token"] ?? ""))
        #expect(token.authorization.origin == RandomlyNamedPeople.grant.key)
        #expect(token.authorization.amr == ["one", "two"] && token.authorization.acr == "high")
    }

    @Test("response types combine only if one of them allows it, and the strictest delivery wins")
    func combinations() async throws {
        let server = try await server()
        let document = await server.send("GET", "/.well-known/oauth-authorization-server")
        let types = [["a"], ["a", "b"], ["b"]].map { $0.map { "\(word)_\($0)" }.joined(separator: " ") }
        #expect(document.json["response_types_supported"]?.strings == types.sorted())
        let query = await Browser(server).authorize(request(["a"], [("response_mode", "query")]))
        #expect(query.fragment["error"] == "invalid_request", "a token must not be in the query")
        let needed = await Browser(server).authorize(request(["b"]).filter { $0.0 != "\(word)_needed" })
        #expect(needed.query["error"] == "invalid_request")
    }

    @Test("an audience is refused unless the grant of every response type allows it", arguments: ["a", "b"])
    func audiences(_ only: String) async throws {
        var client = Self.client
        func audience(_ word: String) -> JSON {
            ["audience": .strings(["https://both.example"] + (only == word ? ["https://one.example"] : []))]
        }
        client["auth"] = .object([
            .init(RandomlyNamedPeople.grant.key, audience("a")), .init(RandomlyNamedPeople.other.key, audience("b")),
        ])
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, RandomlyNamedPeople.self].map { PluginSetup($0) }
        let server = try await TestServer(plugins, clients: [client], users: Demo.users)
        for asked in ["https://one.example", nil] {
            let sent = request(["a", "b"], asked.map { [("audience", $0)] } ?? [])
            #expect(await Browser(server).authorize(sent).fragment["error"] == "invalid_target")
        }
        let both = await Browser(server).authorize(request(["a", "b"], [("audience", "https://both.example")]))
        #expect(both.heading == "identify")
    }

    @Test("steps run in the order of their phases, each gets back its own state, and a step may refuse")
    func steps() async throws {
        let server = try await server()
        let browser = Browser(server)
        let first = await browser.authorize(request(["a"], [("scope", "read choosy")]).uniqued)
        #expect(first.heading == "identify")
        let second = await browser.answer(first, "ann")
        #expect(second.heading == "verify" && browser.cookies[Browser.session] == nil)
        let third = await browser.answer(second, "yes")
        #expect(third.heading == "choose" && browser.cookies[Browser.session] != nil)
        let landed = await browser.answer(third, "blue")
        let resource = await server.send(
            "GET", "/auth/\(word)", headers: [("authorization", "Bearer \(landed.fragment["access_token"] ?? "")")])
        #expect(resource.json["attached"] == ["chosen": "blue"] && resource.header("x-grantor") == "here")
        let again = await browser.authorize(request(["a"]))
        #expect(again.fragment["access_token"] != nil, "a session has been through all of it")
        let refused = await Browser(server).walk(request(["a"]), ["ann", "no"])
        #expect(refused.fragment["error"] == "access_denied")
    }

    @Test("a choice made by one user does not apply to another user who signs in meanwhile")
    func forgets() async throws {
        var client = Self.client
        client["first_party"] = false
        client["secret"] = .string(Demo.secret)
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, RandomlyNamedPeople.self].map { PluginSetup($0) }
        let server = try await TestServer(
            plugins, clients: [client], users: Demo.users, passwords: CountingPasswords())
        let (ann, bob) = (Browser(server), Browser(server))
        let choosy = request(["a"], [("scope", "read choosy")])
        #expect(await ann.walk(choosy, ["ann", "yes"]).heading == "choose")
        _ = await bob.walk(choosy, ["bob", "yes"])
        // A separate request, made with the existing session.
        let chosen = await ann.walk(choosy, ["blue"])
        #expect(chosen.html.contains("name=\"decision\"") && chosen.html.contains("Ann Lee"))
        ann.set(Browser.session, bob.cookies[Browser.session] ?? "")
        let other = await ann.allow(chosen)
        #expect(other.heading == "choose", "Bob is asked himself")
    }

    @Test("a user who is inactive or not in the directory is refused after all steps", arguments: ["nobody", "ida"])
    func unknownPerson(_ id: String) async throws {
        let server = try await server()
        let landed = await Browser(server).walk(request(["a"]), [id, "yes"])
        #expect(landed.fragment["error"] == "access_denied" && landed.fragment["access_token"] == nil)
    }

    @Test("a filter narrows the limits, and its attachments reach the grant")
    func filters() async throws {
        let server = try await server()
        let landed = await Browser(server).walk(request(["a"], [("\(word)_narrow", "write")]), ["ann", "yes"])
        #expect(landed.fragment["scope"] == "read")
        let token = try await server.core.tokens.resolve(landed.fragment["access_token"] ?? "")
        #expect(token?.authorization.attachments[word] == ["narrowed": "write"])
        let claims = try await server.core.access.claims(
            for: try #require(token?.authorization),
            client: Client(id: "app", isPublic: true, grants: [], scope: ["read"]), scope: ["read"], to: .userinfo)
        #expect(claims == [.init("\(word)_claim", "ann")], "what was not declared is dropped")
    }

    @Test("a filter that leaves an audience of another client is refused before any page is shown")
    func foreignAudience() async throws {
        var client = Self.client
        client["auth"] = [RandomlyNamedPeople.grant.key: ["audience": ["https://own.example"]]]
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, RandomlyNamedPeople.self].map { PluginSetup($0) }
        let server = try await TestServer(plugins, clients: [client], users: Demo.users)
        let landed = await Browser(server).authorize(request(["a"], [("\(word)_for", "https://foreign.example")]))
        #expect(landed.fragment["error"] == "invalid_target" && landed.fragment["access_token"] == nil)
        let own = await Browser(server).authorize(request(["a"], [("\(word)_for", "https://own.example")]))
        #expect(own.heading == "identify")
    }

    @Test("a document is a copy of the metadata with members of its own")
    func documents() async throws {
        let server = try await server()
        var expected = await server.send("GET", "/.well-known/oauth-authorization-server").json
        #expect(expected["issuer"] == "https://id.example.com" && expected["added"] == nil)
        expected["issuer"] = "own"
        expected["added"] = true
        #expect(await server.send("GET", "/.well-known/\(word)").json == expected)
    }

    @Test("two plugins with the same response type, step or document prevent the start")
    func taken() async throws {
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, RandomlyNamedPeople.self, RandomlyNamedPeople.self]
        await #expect(throws: ConfigurationError.self) {
            _ = try await TestServer(plugins.map { PluginSetup($0) }, clients: [], users: [])
        }
    }

    @Test("a server without a way for users to identify themselves does not start")
    func nobodyIdentifies() async throws {
        let few = Plugins.all.filter { $0.type.manifest.id != "password-login" }
        await #expect(throws: ConfigurationError.self) { _ = try await Demo.server(few) }
    }
}

extension Browser {
    /// Answers the page of a step.
    fileprivate func answer(_ page: Answer, _ answer: String) async -> Answer {
        await post("/auth/interaction", page.hidden + [("answer", answer)])
    }

    fileprivate func walk(_ request: [(String, String)], _ answers: [String]) async -> Answer {
        var page = await authorize(request.uniqued)
        for text in answers { page = await answer(page, text) }
        return page
    }
}

extension [(String, String)] {
    /// The last value of each name.
    fileprivate var uniqued: [(String, String)] {
        var seen: Set<String> = []
        return Array(reversed().filter { seen.insert($0.0).inserted }.reversed())
    }
}
