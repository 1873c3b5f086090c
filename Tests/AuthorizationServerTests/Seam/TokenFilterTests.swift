// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

/// A filter of both kinds of requests that does what the request asks for.
private struct Filtering: Plugin, TokenRequestFilter, AuthorizationRequestFilter {
    static let manifest = PluginManifest(id: "filtering", summary: "", specification: "")
    static let calls = Mutex<[String: [String]]>([:])
    let parameters = [ParameterDeclaration("mistake"), ParameterDeclaration("do"), ParameterDeclaration("run")]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(tokenFilter: self)
        registry.add(requestFilter: self)
    }

    func admit(_ request: TokenRequest) async throws {
        note("admit", request)
        switch request.parameters["do"] {
        case "refuse":
            throw OAuthError(.accessDenied, "not from \(request.head.address)", status: 403)
        case "wait": throw OAuthError.tooManyRequests(retryAfter: .milliseconds(90_500), reason: "a test")
        case "odd": throw OAuthError(.invalidRequest, "odd", status: 200)
        case "fail": throw StoreError("a secret of the store")
        default: break
        }
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        note("narrow \(authorization.origin)", request)
        switch request.parameters["do"] {
        case "less": limits.keep { $0 != "write" }
        case "last": limits.forbidRefresh()
        case "end": limits.end(by: Timestamp(seconds: 1_800_000_060))
        case "ended": limits.end(by: Timestamp(seconds: 1_800_000_000))
        case "late": throw OAuthError(.accessDenied, "too late")
        default: Filtering.widen(&limits, request.parameters["mistake"])
        }
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        Filtering.widen(&policy.limits, request.parameters["mistake"])
        if request.parameters["do"] == "refuse" {
            throw OAuthError(.accessDenied, "not from \(request.head.address)")
        }
    }

    private func note(_ call: String, _ request: TokenRequest) {
        guard let run = request.parameters["run"] else { return }
        Filtering.calls.withLock { $0[run, default: []].append(call) }
    }

    static let mistakes = ["scope", "audience", "everything", "later", "never", "refresh"]

    /// Replaces limits by ones that are wider in one respect.
    static func widen(_ limits: inout AccessLimits, _ mistake: String?) {
        var (scope, audience, end) = (limits.scope, limits.audience, limits.notAfter)
        switch mistake {
        case "scope": scope = Scope(scope.words + ["more"])
        case "audience": audience.append("https://other.example")
        case "everything": audience = []
        case "later": end = end.map { $0 + .seconds(1) }
        case "never": end = nil
        default: break
        }
        let mayRefresh = mistake == "refresh" || limits.mayRefresh
        limits = AccessLimits(scope: scope, audience: audience, notAfter: end, mayRefresh: mayRefresh)
    }
}

/// Narrows everything that `Filtering` may widen, before it is called.
private struct Narrowing: Plugin, TokenRequestFilter, AuthorizationRequestFilter {
    static let manifest = PluginManifest(id: "narrowing", summary: "", specification: "")
    let parameters: [ParameterDeclaration] = []

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(tokenFilter: self)
        registry.add(requestFilter: self)
    }

    func narrow(
        _ limits: inout AccessLimits, of authorization: Authorization, for request: TokenRequest
    ) async throws {
        try Narrowing.narrow(&limits)
    }

    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        try Narrowing.narrow(&policy.limits)
    }

    private static func narrow(_ limits: inout AccessLimits) throws {
        try limits.keep(audience: ["https://api.example.com"])
        limits.end(by: Timestamp(seconds: 1_800_000_030))
        limits.forbidRefresh()
    }
}

/// A filter that requires a parameter, and declares one of `Filtering` in another way.
private struct Requiring: Plugin, TokenRequestFilter {
    static let manifest = PluginManifest(id: "requiring", summary: "", specification: "")
    let parameters = [
        ParameterDeclaration("ticket", required: true, longest: 4),
        ParameterDeclaration("do", repeatable: true, longest: 3),
    ]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(tokenFilter: self)
    }
}

@Suite("Filters of token requests refuse or narrow, for every grant", .timeLimit(.minutes(10)))
struct TokenFilterTests {
    private func server(
        _ more: [any Plugin.Type] = [], clients: [JSON] = [TestServer.service]
    ) async throws -> TestServer {
        let plugins = Plugins.discouraged + (more + [Filtering.self]).map { PluginSetup($0) }
        return try await TestServer(plugins, clients: clients)
    }

    @Test("a refusal has the status and headers that the filter gives it")
    func refuses() async throws {
        let server = try await server()
        let refused = await server.token([("do", "refuse")])
        #expect(refused.status == 403 && refused.error == "access_denied")
        let many = await server.post(
            "/auth/token", [("grant_type", "client_credentials"), ("do", "wait")],
            as: ("service", TestServer.serviceSecret), headers: [("origin", "https://app.example.com")])
        #expect(many.status == 429 && many.error == "temporarily_unavailable")
        #expect(many.headers.filter { $0.name == "retry-after" }.map(\.value) == ["91"])
        #expect(many.header("access-control-allow-origin") == "https://app.example.com")
        #expect(server.log.lines.contains { $0.contains("a test") && $0.contains("service") }, "\(server.log.lines)")
        let odd = await server.token([("do", "odd")])
        #expect(odd.status == 400 && odd.error == "invalid_request", "200 is no status of a refusal")
        let failed = await server.token([("do", "fail")])
        #expect(failed.status == 503 && failed.header("retry-after") == "1")
    }

    @Test("limits are narrowed in the response, and ended limits are refused")
    func narrows() async throws {
        let server = try await server()
        #expect(await server.token([])["scope"] == "read write")
        #expect(await server.token([("do", "less")])["scope"] == "read")
        #expect(await server.token([("do", "end")]).json["expires_in"]?.integer == 60)
        #expect(await server.token([("do", "ended")]).error == "invalid_grant")
        #expect(await server.token([("do", "late")]).error == "access_denied")
    }

    @Test("a refresh is narrowed for one response, and a refused one does not redeem the token")
    func refreshes() async throws {
        var client = TestServer.service
        client["auth"] = ["client_credentials": ["refresh_token": true]]
        let server = try await server(clients: [client])
        #expect(await server.token([("do", "last")])["refresh_token"] == nil)
        let first = try #require(await server.token()["refresh_token"])
        let narrowed = await server.refresh(first, [("do", "less")])
        #expect(narrowed["scope"] == "read")
        let second = try #require(narrowed["refresh_token"])
        for (action, error) in [
            ("refuse", "access_denied"), ("late", "access_denied"), ("ended", "invalid_grant"),
            ("last", "invalid_grant"),
        ] {
            let refused = await server.refresh(second, [("do", action)])
            #expect(refused.error == error && refused["access_token"] == nil, "\(action): \(refused.json)")
        }
        #expect(await server.refresh(second)["scope"] == "read write", "what was granted has not shrunk")
    }

    @Test("a parameter that a filter requires is required, and its first declaration says what it may be")
    func parameters() async throws {
        let server = try await server([Requiring.self])
        let ticket = ("ticket", "1")
        for (form, problem) in [
            ([], "missing"), ([("ticket", "12345")], "too long"), ([ticket, ticket], "repeated"),
            ([ticket, ("do", "less")], "too long"),
        ] as [([(String, String)], String)] {
            let refused = await server.token(form)
            #expect(refused.error == "invalid_request", "\(form)")
            #expect(refused["error_description"]?.hasSuffix(problem) == true, "\(form): \(refused.json)")
        }
        #expect(await server.token([ticket, ("do", "end"), ("do", "end")]).json["expires_in"]?.integer == 60)
    }

    @Test("a filter is asked before the grant once, and after it")
    func order() async throws {
        let server = try await server()
        _ = await server.token([("run", "order")])
        _ = await server.token([("run", "refused"), ("do", "refuse")])
        let calls = Filtering.calls.withLock { $0 }
        #expect(calls["order"] == ["admit", "narrow client_credentials"])
        #expect(calls["refused"] == ["admit"])
    }

    @Test("no filter is asked for a client that did not authenticate or may not use the grant")
    func authenticated() async throws {
        let server = try await server()
        _ = await server.post(
            "/auth/token", [("grant_type", "client_credentials"), ("run", "unknown")], as: ("service", "a guess"))
        _ = await server.post(
            "/auth/token", [("grant_type", "password"), ("username", "a"), ("password", "b"), ("run", "unknown")],
            as: ("service", TestServer.serviceSecret))
        let calls = Filtering.calls.withLock { $0 }
        #expect(calls["unknown"] == nil)
    }

    @Test("a filter that widens limits is a server error, and the log names its plugin", arguments: Filtering.mistakes)
    func widens(_ mistake: String) async throws {
        let server = try await server([Narrowing.self])
        #expect(await server.token([("mistake", mistake)]).error == "server_error")
        #expect(server.log.lines.contains { $0.contains("'filtering'") && $0.contains("allow more") })
    }

    private static let app: JSON = [
        "id": "app", "redirect_uri": .string(Demo.callback), "grant_types": ["implicit"], "scope": ["read", "write"],
        "auth": ["implicit": ["audience": ["https://api.example.com"]]],
    ]

    private func authorize(_ server: TestServer, _ more: (String, String)) async -> Parameters {
        let request = [
            ("response_type", "token"), ("client_id", "app"), ("redirect_uri", Demo.callback), ("scope", "read"), more,
        ]
        let landed = await Browser(server).authorize(request)
        return Parameters(landed.fragment.map { (name: $0.key, value: $0.value) })
    }

    @Test("a filter of authorization requests cannot widen limits either", arguments: Filtering.mistakes)
    func widensAuthorization(_ mistake: String) async throws {
        let server = try await server([Narrowing.self], clients: [Self.app])
        #expect(await authorize(server, ("mistake", mistake))["error"] == "server_error")
        #expect(server.log.lines.contains { $0.contains("'filtering'") && $0.contains("allow more") })
    }

    @Test("a filter of authorization requests knows the address of the browser")
    func address() async throws {
        let answer = await authorize(try await server(clients: [Self.app]), ("do", "refuse"))
        #expect(answer["error_description"] == "not from 192.0.2.1")
    }
}
