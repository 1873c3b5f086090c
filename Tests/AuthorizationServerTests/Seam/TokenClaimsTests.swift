// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// Gives claims for every destination, one of them twice and one undeclared.
private struct Telling: Plugin, ClaimsSource {
    static let manifest = PluginManifest(id: "telling", summary: "", specification: "")
    let claims = ["tier", "who"]
    let destinations: Set<ClaimsDestination> = [.identityToken, .userinfo, .accessToken, .introspection]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(claims: self)
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        if request.scope.contains("down") {
            throw OAuthError(.temporarilyUnavailable, "the claims cannot be read", reason: "its service is down")
        }
        return [
            .init("tier", .string("gold of \(request.client.id)")), .init("who", .string(request.user?.id ?? "nobody")),
            .init("tier", "silver"), .init("undeclared", true),
        ]
    }
}

/// Gives a claim that only the core sets.
private struct Lying: Plugin, ClaimsSource {
    static let manifest = PluginManifest(id: "lying", summary: "", specification: "")
    let claims: [String]
    let destinations: Set<ClaimsDestination>

    init(settings: Settings, host: any PluginHost) {
        claims = [settings.read("claim", default: "", "")]
        destinations = settings.read("people", default: false, "") ? [.userinfo] : [.introspection]
    }

    func register(in registry: inout Registry) {
        registry.add(claims: self)
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] { claims.map { .init($0, "mallory") } }
}

/// Grants access to a subject that the directory does not know.
private struct Visiting: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "visiting", summary: "", specification: "")
    let declaration = GrantDeclaration("visiting", client: .confidential)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(grant: self)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .user("guest"), limits: request.allowed)
    }
}

@Suite("Sources give claims for access tokens and introspection", .timeLimit(.minutes(10)))
struct TokenClaimsTests {
    private static let service: JSON = {
        var client = TestServer.service
        client["scope"] = ["read", "down"]
        return client
    }()

    private func server(_ format: String) async throws -> TestServer {
        try await TestServer(Plugins.all + [.init(Telling.self)], clients: [Self.service], format: format)
    }

    @Test("a JWT has them, and the introspection of any token has them", arguments: ["jwt", "opaque"])
    func told(_ format: String) async throws {
        let server = try await server(format)
        let token = try #require(await server.token([("scope", "read")])["access_token"])
        if format == "jwt" {
            let claims = try #require(server.keys.verify(token, type: "at+jwt")).claims
            #expect(claims["tier"] == "gold of service" && claims["who"] == "nobody")
            #expect(claims["undeclared"] == nil && claims["sub"] == "service")
        }
        let about = await server.introspect(token).json
        #expect(about["tier"] == "gold of service" && about["who"] == "nobody" && about["undeclared"] == nil)
        #expect(about["active"] == true && about["client_id"] == "service")
        #expect(await server.introspect("unknown").json == ["active": false])
    }

    @Test("a self-contained token is refused if a source fails, a token in the store is not")
    func down() async throws {
        let selfContained = try await server("jwt")
        let answer = await selfContained.token([("scope", "down")])
        #expect(answer.status == 503 && answer["access_token"] == nil)
        let stored = try await server("opaque")
        let token = try #require(await stored.token([("scope", "down")])["access_token"])
        #expect(await stored.introspect(token).status == 503, "an answer without the claims could mean another thing")
    }

    private static let api = "https://api.example.com"
    private static let gateway: JSON = ["id": .string(api), "secret": "api secret", "grant_types": []]

    @Test("an API learns the claims about a user, and the client that introspects its own token does not")
    func people() async throws {
        var house = Demo.house
        house["auth"] = [
            "authorization_code": ["redirect_uri": .string(Demo.callback), "audience": .strings([Self.api])]
        ]
        let server = try await TestServer(
            Plugins.all + [.init(Telling.self)], clients: [house, Self.gateway], users: Demo.users)
        let code = try #require(await server.code().query["code"])
        let token = try #require(await server.redeem(code, as: ("house", Demo.secret))["access_token"])
        let told = await server.introspect(token, as: Self.api, "api secret")
        #expect(told["tier"] == "gold of house" && told["who"] == "ann")
        let own = await server.introspect(token, as: "house", Demo.secret)
        #expect(own.json["active"] == true && own["tier"] == nil && own["who"] == nil)
    }

    @Test("a subject that the directory does not know gets tokens with claims", arguments: ["jwt", "opaque"])
    func visitor(_ format: String) async throws {
        var client = TestServer.service
        client["grant_types"] = ["visiting"]
        client["auth"] = ["visiting": ["audience": .string(Self.api)]]
        let plugins = Plugins.all + [.init(Telling.self), .init(Visiting.self)]
        let server = try await TestServer(plugins, clients: [client, Self.gateway], format: format)
        let answer = await server.post(
            "/auth/token", [("grant_type", "visiting")], as: ("service", TestServer.serviceSecret))
        let token = try #require(answer["access_token"], "\(answer.json)")
        let told = await server.introspect(token, as: Self.api, "api secret")
        #expect(told.json["active"] == true && told["sub"] == "guest", "\(told.json)")
        #expect(told["tier"] == "gold of service" && told["who"] == "nobody")
    }

    private static let ofCore = [
        "iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "cnf", "act", "active", "username",
        "token_type", "gid", "epoch", "client_epoch", "att", "sid", "auth_time", "acr", "amr", "nbf", "may_act",
        "cnf_type",
    ]

    @Test("a claim that belongs to the core is reported when the plugins are loaded", arguments: ofCore)
    func reserved(_ name: String) async throws {
        let lying = PluginSetup(Lying.self, ["claim": .string(name)])
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await TestServer(Plugins.all + [lying], clients: [TestServer.service])
        }
        #expect(error?.message.contains("'lying' gives access tokens the claim '\(name)'") == true, "\(error as Any)")
        _ = try await TestServer(
            Plugins.all + [PluginSetup(Lying.self, ["claim": .string(name), "people": true])],
            clients: [TestServer.service])
    }
}
