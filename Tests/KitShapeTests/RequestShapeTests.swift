// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Testing

@Suite("The kit's shapes fit requests and responses in other forms", .timeLimit(.minutes(10)))
struct RequestShapeTests {
    @Test(
        "a shape registers its parts",
        arguments: [
            ExpectedShape(
                RequestObjects.self, attributes: ["require_signed_request_object"],
                adds: ["resolves request", "metadata request_parameter_supported"]),
            ExpectedShape(ScopeTrees.self, adds: ["scope rule trees"]),
            ExpectedShape(SignedResponses.self, adds: ["response mode query.jwt", "response mode fragment.jwt"]),
            ExpectedShape(WebMessage.self, adds: ["response mode web_message", "asset web-message.js"]),
            ExpectedShape(
                Federation.self, settings: ["anchor", "anchor_keys"],
                adds: ["endpoint GET /openid-federation", "resolves clients https://"]),
        ] as [ExpectedShape])
    func registers(_ expected: ExpectedShape) throws {
        try expected.check()
    }

    private let host = TestHost()

    private func resolver(_ type: any Plugin.Type) throws -> any AuthorizationRequestResolver {
        try #require(try LoadedShape(type, host: host).registry.later((any AuthorizationRequestResolver).self).first)
    }

    @Test(
        "only what a request object signs counts",
        arguments: [
            ("scope", "read", nil), ("client_id", "other", "it is another client's, or refers to another request"),
            ("request_uri", "https://x", "it is another client's, or refers to another request"),
            ("aud", "https://other.example.com", "it is for another audience"),
        ] as [(String, JSON, String?)])
    func resolvesObject(claim: String, value: JSON, reason: String?) async throws {
        let client = Client(
            id: "signer", isPublic: false, grants: [], scope: ["read"], document: ["jwks": TestForeignKeys.keys("k1")])
        var claims: JSON = [
            "iss": "signer", "aud": "https://id.example.com/tenant", "client_id": "signer", "response_type": "code",
            "exp": 1_800_000_060,
        ]
        claims[claim] = value
        let object = TestForeignKeys.token("oauth-authz-req+jwt", claims, key: "k1")
        let outer: Parameters = ["request": object, "scope": "admin", "state": "s"]
        do {
            let resolved = try await resolver(RequestObjects.self).resolve(outer, client: client)
            #expect(resolved?.parameters["scope"] == "read" && resolved?.parameters["state"] == nil && reason == nil)
        } catch let refusal as OAuthError {
            #expect(refusal.code.rawValue == "invalid_request_object" && refusal.reason == reason)
        }
    }

    @Test("a request is resolved by at most one of the resolvers that are loaded")
    func resolvesByOne() async throws {
        let resolvers = try [resolver(RequestObjects.self), resolver(PushedRequests.self)]
        let sent: Parameters = ["response_type": "code"]
        for resolver in resolvers {
            #expect(try await resolver.resolve(sent, client: Fixture.client) == nil, "the request comes by itself")
        }
        let foreign: Parameters = ["request_uri": "https://client.example.com/request"]
        #expect(try await resolvers[0].resolve(foreign, client: Fixture.client) == nil, "nothing is fetched")
        #expect(host.sent.isEmpty)
    }

    @Test(
        "scope rules apply where the core compares scope, in any order",
        arguments: [
            (["files:read", "openid"], ["files", "openid"], ["files:read", "openid"]),
            (["files"], ["files:read"], []), (["filesystem:read"], ["files"], []),
            (["patient/*.rs"], ["patient/Observation.rs"], ["patient/Observation.rs"]),
        ] as [([String], [String], [String])])
    func comparesScope(requested: [String], allowed: [String], expected: [String]) throws {
        let rules = try [ScopeTrees.self, SMARTLaunch.self].flatMap { (type: any Plugin.Type) in
            try LoadedShape(type).registry.later((any ScopeRule).self)
        }
        for rules in [rules, Array(rules.reversed())] {
            #expect(Scope(requested).narrowed(to: Scope(allowed), by: rules) == Scope(expected))
        }
    }

    private func carry(_ mode: String, _ type: any Plugin.Type) async throws -> AnswerCarrier {
        let modes = try LoadedShape(type, host: host).registry.later((any ResponseMode).self)
        let found = try #require(modes.first { $0.name == mode })
        let members = [JSON.Member("code", "c-1"), JSON.Member("state", "s-1")]
        return try await found.carry(
            AuthorizationAnswer(
                client: Fixture.client, redirectURI: Fixture.redirectURI, members: members, issuedAt: host.now))
    }

    @Test("a signed response contains all members, for this client and for a while")
    func signsResponse() async throws {
        guard case .fragment(let pairs) = try await carry("fragment.jwt", SignedResponses.self),
            case .query = try await carry("query.jwt", SignedResponses.self)
        else { return #expect(Bool(false), "it travels in another way") }
        let claims = try #require(try await host.keys.verify(pairs.first?.value ?? "", type: "JWT")).claims
        #expect(pairs.map(\.name) == ["response"] && claims["code"] == "c-1" && claims["state"] == "s-1")
        #expect(claims["aud"] == "app" && claims["exp"] == 1_800_000_600)
    }

    @Test("a response as a message names the origin that gets it, and loads a script that is registered")
    func postsMessage() async throws {
        guard case .page(let page, let assets) = try await carry("web_message", WebMessage.self) else {
            return #expect(Bool(false), "it is no page")
        }
        #expect(page.values["target"] == "https://app.example.com" && page.values["message"]?["code"] == "c-1")
        let registered = try [WebMessage.self, Passkeys.self].flatMap { (type: any Plugin.Type) in
            try LoadedShape(type, host: host).registry.later(Asset.self)
        }
        #expect(registered.map(\.name).contains(assets.first ?? ""))
        let paths = registered.map { $0.path(TestCryptography()) }
        let changed = Asset(name: "web-message.js", type: "text/javascript", bytes: [])
        #expect(Set(paths).count == 2 && !paths.contains(changed.path(TestCryptography())))
    }

    @Test("a document below /.well-known depends on its path, or is signed")
    func servesDocuments() async throws {
        var registry = Registry()
        try Federation(settings: Settings(RecordingSettings()), host: host).register(in: &registry)
        let settings = Settings(FixedSettings(["resources": ["https://api.example.com/mcp"]]))
        try ResourceIndicators(settings: settings, host: host).register(in: &registry)
        let router = TestRouter(registry)
        let found = try await router.send("GET", "/oauth-protected-resource/mcp")
        #expect(found.body?["resource"] == "https://api.example.com/mcp" && found.freshFor == .seconds(3600))
        #expect(try await router.send("GET", "/oauth-protected-resource/other").status == 404)
        let signed = try await router.send("GET", "/openid-federation")
        guard case .file(let bytes, let type) = signed.content else { return #expect(Bool(false), "it is not signed") }
        #expect(type == "application/entity-statement+jwt")
        let statement = try await host.keys.verify(String(decoding: bytes, as: UTF8.self), type: "entity-statement+jwt")
        #expect(statement?.claims["authority_hints"] == ["https://anchor.example.com"])
        let route = try #require(registry.later(EntityStatement.self).first).route
        #expect(host.address(of: route) == "https://id.example.com/tenant/.well-known/openid-federation")
    }

    @Test("a federation's client is what the anchor signs, at most the ceiling, until the statement ends")
    func resolvesMember() async throws {
        let resolver = try #require(try LoadedShape(Federation.self, host: host).registry.later(Federation.self).first)
        for (key, isFound) in [("anchor", true), ("other", false)] {
            let claims: JSON = [
                "iss": "https://anchor.example.com", "sub": "https://rp.example.com", "exp": 1_800_000_500,
                "metadata": ["openid_relying_party": ["scope": "openid admin", "redirect_uris": ["https://rp"]]],
            ]
            let statement = TestForeignKeys.token("entity-statement+jwt", claims, key: key)
            host.reply(to: "https://anchor.example.com/fetch", try JSON(parsing: statement))
            let found = try await resolver.resolve("https://rp.example.com")
            #expect((found != nil) == isFound)
            guard let found else { continue }
            #expect(found.goodUntil == Timestamp(seconds: 1_800_000_500))
            #expect(found.ceiling.clip(found.registration)["scope"] == "openid")
        }
    }
}

/// Settings with fixed values.
private final class FixedSettings: SettingsSource {
    private let values: JSON

    init(_ values: JSON) {
        self.values = values
    }

    func value(of declaration: SettingDeclaration) -> JSON? { values[declaration.key] }

    func report(_ problem: String, at key: String) {}

    func declare(_ attribute: AttributeDeclaration) {}
}
