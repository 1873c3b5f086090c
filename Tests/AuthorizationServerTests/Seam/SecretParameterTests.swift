// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Synchronization
import Testing

/// A plugin whose clients prove themselves with a badge, and whose roles note what they are shown.
private struct Badges: Plugin, ClientAuthenticator {
    static let manifest = PluginManifest(id: "badges", summary: "", specification: "")
    @TaskLocal static var seen = Seen()

    final class Seen: Sendable {
        let parameters = Mutex<[String: Parameters]>([:])

        func note(_ role: String, _ parameters: Parameters) {
            self.parameters.withLock { $0[role] = parameters }
        }

        subscript(role: String) -> Parameters? { parameters.withLock { $0[role] } }
    }

    let methods = [AuthenticationMethod("badge", with: .other)]
    let parameters = [ParameterDeclaration("badge", secret: true), ParameterDeclaration("badge_type")]
    private let seen = Badges.seen

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(authenticator: self)
        registry.add(grant: Grant(seen: seen))
        registry.add(tokenFilter: Filter(seen: seen))
        registry.add(extension: Member(seen: seen))
        registry.add(endpoint: ForClients(seen: seen))
        registry.add(endpoint: ForBearers(seen: seen))
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        request.parameters["badge"].map { ClientClaim(clientID: $0, method: "badge") }
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        seen.note("authenticator", request.parameters)
    }

    struct Grant: TokenGrant {
        let seen: Seen
        let declaration = GrantDeclaration("badges", client: .confidential)
        let parameters = [ParameterDeclaration("ticket", secret: true), ParameterDeclaration("seat")]

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            seen.note("grant", request.parameters)
            return Authorization(subject: .client(request.client.id), limits: request.allowed)
        }
    }

    struct Filter: TokenRequestFilter {
        let seen: Seen

        func admit(_ request: TokenRequest) async throws { seen.note("filter", request.parameters) }
    }

    struct Member: ResponseExtension {
        let seen: Seen
        let members: [String] = []

        func extend(_ issuance: inout Issuance) async throws {
            if case .token(let request) = issuance.answer { seen.note("extension", request.parameters) }
        }
    }

    struct ForClients: Endpoint {
        let seen: Seen
        let route = Route(["POST"], "/for-clients")
        let admission = Admission.client(.confidential)
        let parameters = [ParameterDeclaration("seat")]

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            seen.note("endpoint", request.parameters)
            return EndpointResponse(["done": true])
        }
    }

    struct ForBearers: Endpoint {
        let seen: Seen
        let route = Route(["POST"], "/for-bearers")
        let admission = Admission.bearer([])
        let parameters = [ParameterDeclaration("seat")]

        func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
            seen.note("bearers", request.parameters)
            return EndpointResponse(["done": true])
        }
    }
}

/// A plugin whose role for every request declares a parameter that a test chooses.
private struct Curious: Plugin, TokenRequestFilter, ClientAuthenticator {
    static let manifest = PluginManifest(id: "curious", summary: "", specification: "")

    let methods = [AuthenticationMethod("curious", with: .other)]
    let parameters: [ParameterDeclaration]
    private let isFilter: Bool
    private let isElsewhere: Bool

    init(settings: Settings, host: any PluginHost) {
        isElsewhere = settings.read("elsewhere", default: true, "test")
        parameters = [ParameterDeclaration(settings.read("name", default: "", "test"))]
        isFilter = settings.read("filter", default: false, "test")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: Grant())
        registry.isCalledWithMessages = isElsewhere
        if isFilter { registry.add(tokenFilter: self) } else { registry.add(authenticator: self) }
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? { nil }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {}

    struct Grant: TokenGrant {
        let declaration = GrantDeclaration("curious", client: .confidential)
        let parameters = [ParameterDeclaration("own", secret: true)]

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            Authorization(subject: .client(request.client.id), limits: request.allowed)
        }
    }
}

@Suite("Secrets in parameters", .timeLimit(.minutes(10)))
struct SecretParameterTests {
    private static let plugins = Plugins.all + [PluginSetup(Badges.self)]
    private static let clients: [JSON] = [
        ["id": "b", "grant_types": "badges", "scope": ["read"], "token_endpoint_auth_method": "badge"],
        [
            "id": "s", "grant_types": "badges", "scope": ["read"], "secret": "s3cret of the client",
            "token_endpoint_auth_method": "client_secret_post",
        ],
    ]
    private static let proofs: [[(String, String)]] = [
        [("badge", "b"), ("badge_type", "round")], [("client_id", "s"), ("client_secret", "s3cret of the client")],
    ]

    private static func names(_ parameters: Parameters?) -> [String] { parameters?.all.map(\.name).sorted() ?? [] }

    @Test("that prove who the client is reach authenticators alone, whichever plugin declares them", arguments: [0, 1])
    func proofs(_ place: Int) async throws {
        let seen = Badges.Seen()
        try await Badges.$seen.withValue(seen) {
            let server = try await TestServer(Self.plugins, clients: Self.clients)
            let form = [("grant_type", "badges"), ("ticket", "t"), ("seat", "4")] + Self.proofs[place]
            let answer = await server.post("/auth/token", form)
            #expect(answer.status == 200, "\(answer.json)")
            #expect(await server.post("/auth/for-clients", [("seat", "4")] + Self.proofs[place]).status == 200)
            let bearer = [("seat", "4"), ("access_token", answer["access_token"] ?? "")]
            #expect(await server.post("/auth/for-bearers", bearer).status == 200)
        }
        let open = place == 0 ? ["badge_type"] : ["client_id"]
        for role in ["grant", "filter", "extension"] {
            #expect(Self.names(seen[role]) == (open + ["grant_type", "seat", "ticket"]).sorted(), "\(role)")
        }
        #expect(Self.names(seen["endpoint"]) == (open + ["seat"]).sorted())
        #expect(Self.names(seen["bearers"]) == ["seat"])
        if place == 0 { #expect(seen["authenticator"]?["badge"] == "b") }
    }

    @Test("are marked for roles that serve every grant, so that none crosses to a process that does not declare it")
    func marked() async throws {
        let seen = Badges.Seen()
        try await Badges.$seen.withValue(seen) {
            let server = try await TestServer(Self.plugins, clients: Self.clients)
            _ = await server.post("/auth/token", [("grant_type", "badges"), ("ticket", "t")] + Self.proofs[0])
        }
        for role in ["filter", "extension"] {
            #expect(seen[role]?.secrets.contains("ticket") == true, "\(role)")
            #expect(seen[role]?.secrets.contains("seat") == false, "\(role)")
        }
    }

    @Test(
        "of a grant cannot be declared by a role of a plugin elsewhere that serves the requests of all grants",
        arguments: [(true, "filter of token requests"), (false, "client authenticator")])
    func curious(_ isFilter: Bool, _ role: String) async throws {
        let server = try await TestServer()
        let cases = [("code", true, true), ("code", false, false), ("redirect_uri", true, false), ("own", true, false)]
        for (name, isElsewhere, isReported) in cases {
            let settings: JSON = [
                "filter": .bool(isFilter), "name": .string(name), "elsewhere": .bool(isElsewhere),
            ]
            let curious = PluginSetup(Curious.self, settings)
            let problems = try await server.problems([curious] + Plugins.all, clients: [])
            let message =
                "plugin 'curious' adds a \(role) with the parameter '\(name)', which is a secret of a grant of plugin "
                + "'authorization-code'"
            #expect(problems.map(\.message).filter { $0.contains("secret") } == (isReported ? [message] : []))
        }
    }
}
