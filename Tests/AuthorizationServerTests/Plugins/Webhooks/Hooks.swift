// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// Verifies a user a second time if the scope `write` is requested, which steps up the session.
private struct SecondFactor: Plugin, InteractionStep {
    static let manifest = PluginManifest(id: "second-factor-of-hooks", summary: "", specification: "")
    let name = "second-factor-of-hooks"
    let phase = StepPhase.verify
    let fields = [ParameterDeclaration("answer", longest: 16)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(step: self) }

    func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
        guard interaction.policy.limits.scope.contains("write"), !interaction.amr.contains("otp") else { return .skip }
        guard submitted["answer"] == "1234" else { return .page(Page("sign_in", ["title": "Second"])) }
        return .done(StepResult(amr: ["otp"], acr: "high"))
    }
}

/// Receivers of security event tokens, and a server that sends them some.
enum Hooks {
    static let first = "https://a.example.com/events"
    static let second = "https://b.example.com/events?tenant=7"

    static let house: JSON = {
        var house = Demo.house
        house["scope"] = ["openid", "write"]
        return house
    }()

    static func receiver(_ url: String = first, _ more: [(String, JSON)] = []) -> JSON {
        var receiver: JSON = ["url": .string(url)]
        for (name, value) in more { receiver[name] = value }
        return receiver
    }

    static func plugin(_ receivers: [JSON], _ more: [(String, JSON)] = []) -> PluginSetup {
        var settings: JSON = ["receivers": .array(receivers)]
        for (name, value) in more { settings[name] = value }
        return PluginSetup(Plugins.webhooks, settings)
    }

    static func plugins(_ own: PluginSetup) -> [PluginSetup] {
        Plugins.all + [PluginSetup(SecondFactor.self), PluginSetup(Plugins.adminAPI), own]
    }

    static func server(
        _ outbound: any OutboundHTTP, _ receivers: [JSON] = [receiver()], _ more: [(String, JSON)] = []
    ) async throws -> TestServer {
        try await server(outbound, plugins(plugin(receivers, more)))
    }

    static func server(_ outbound: any OutboundHTTP, _ plugins: [PluginSetup]) async throws -> TestServer {
        try await TestServer(
            plugins, clients: [Demo.web, house, AdminAPITests.manager, TestServer.service], users: Demo.users,
            passwords: CountingPasswords(), outbound: outbound)
    }

    /// The jobs that wait.
    static func jobs(_ server: TestServer) async throws -> [StoreRecord] {
        try await server.core.store.find("job", by: "queue", equals: "all", after: nil, limit: 1000)
    }

    /// The claims of a token that was sent, if its signature and its type are right.
    static func claims(_ request: OutboundRequest, _ server: TestServer) throws -> JSON {
        let token = String(decoding: request.body, as: UTF8.self)
        return try #require(server.keys.verify(token, type: "secevent+jwt")).claims
    }

    /// The one event of a token.
    static func event(_ claims: JSON) throws -> JSON.Member {
        let events = claims["events"]?.members ?? []
        #expect(events.count == 1)
        return try #require(events.first)
    }

    /// The name of the event in the audit log.
    static func kind(_ claims: JSON) throws -> String {
        try #require(try event(claims).value["event"]?.string)
    }

    static func adminToken(_ server: TestServer) async throws -> String {
        let answer = await server.post(
            "/auth/token", [("grant_type", "client_credentials"), ("scope", "admin")],
            as: ("manager", "s3cret of the manager"))
        return try #require(answer["access_token"])
    }

    /// Makes one event of each promised kind.
    static func makeAll(_ server: TestServer) async throws {
        let browser = Browser(server)
        _ = await browser.allow(await browser.signIn(await browser.authorize(Demo.request())))
        let page = await browser.authorize(Demo.request([("client_id", "house"), ("scope", "openid write")]))
        _ = await browser.submit(page, [("answer", "1234")])
        let session = try #require(try await server.core.sessions.list(user: "ann").first)
        for what in [Revocation.token("t-1"), .grant("g-1"), .session(session.id)] {
            try await server.core.tokens.revoke(what, reason: "a test")
        }
        let token = try await adminToken(server)
        #expect(await server.admin("POST", "/User", ["id": "eve"], token: token).status == 201)
        let client: JSON = ["id": "orders", "grant_types": ["client_credentials"], "scope": ["read"]]
        #expect(await server.admin("POST", "/Client", client, token: token).status == 201)
    }
}
