// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A plugin whose roles read the parameters that a test chooses.
private struct UndeclaredReading: Plugin {
    static let manifest = PluginManifest(id: "forgetful", summary: "", specification: "")
    static let grant = GrantDeclaration("forgetful", client: .identified)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(grant: Grant())
        registry.add(tokenFilter: Filter())
        registry.add(extension: Member())
        registry.add(flow: Flow())
        registry.add(endpoint: ForClients())
        registry.add(endpoint: ForBrowsers())
        registry.add(step: Step())
    }

    struct Grant: TokenGrant {
        let declaration = UndeclaredReading.grant
        let parameters = [ParameterDeclaration("declared")]

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            UndeclaredReadTests.read(request.parameters, as: "TokenGrant")
            return Authorization(subject: .client(request.client.id), limits: request.allowed)
        }
    }

    struct Filter: TokenRequestFilter {
        func admit(_ request: TokenRequest) async throws {
            UndeclaredReadTests.read(request.parameters, as: "TokenRequestFilter")
        }
    }

    struct Member: ResponseExtension {
        let members: [String] = []

        func extend(_ issuance: inout Issuance) async throws {
            if case .token(let request) = issuance.answer {
                UndeclaredReadTests.read(request.parameters, as: "ResponseExtension")
            }
        }
    }

    struct Flow: AuthorizationFlow {
        let word = "forgetful"
        let grant = UndeclaredReading.grant
        let delivery = Delivery.query

        func validate(_ request: AuthorizationRequest) async throws {
            UndeclaredReadTests.read(request.parameters, as: "AuthorizationFlow")
        }

        func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
            try issuance.add("forgetful", "done")
        }
    }

    struct ForClients: Endpoint {
        let route = Route(["POST"], "/for-clients")
        let admission = Admission.client(.identified)
        let parameters: [ParameterDeclaration] = []

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            UndeclaredReadTests.read(request.parameters, as: "Endpoint")
            return EndpointResponse(["done": true])
        }
    }

    struct ForBrowsers: Endpoint {
        let route = Route(["GET"], "/for-browsers")
        let admission = Admission.browser()

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            UndeclaredReadTests.read(request.parameters, as: "Endpoint for browsers")
            return EndpointResponse(["done": true])
        }
    }

    struct Step: InteractionStep {
        let name = "forgetful"
        let phase = StepPhase.choose
        let fields = [ParameterDeclaration("answer")]

        func advance(_ interaction: Interaction, submitted: Parameters) async throws -> StepOutcome {
            UndeclaredReadTests.read(submitted, as: "InteractionStep")
            return .skip
        }
    }
}

@Suite("A parameter that a plugin reads and nobody declared is logged", .timeLimit(.minutes(10)))
struct UndeclaredReadTests {
    /// The role that reads, and the names that it reads.
    struct Choice: Sendable {
        let role: String
        let names: [String]
    }

    @TaskLocal static var choice: Choice?

    static func read(_ parameters: Parameters, as role: String) {
        guard let choice, choice.role == role else { return }
        for name in choice.names {
            _ = parameters[name]
            _ = parameters.values(name)
        }
    }

    private static let client: JSON = [
        "id": "c", "first_party": true, "scope": ["read"], "grant_types": ["forgetful"],
        "redirect_uri": .string(Demo.callback),
    ]

    private func server() async throws -> TestServer {
        try await TestServer(Plugins.all + [.init(UndeclaredReading.self)], clients: [Self.client], users: Demo.users)
    }

    private func ask(_ role: String, _ server: TestServer) async -> Answer {
        switch role {
        case "Endpoint": return await server.post("/auth/for-clients", [("client_id", "c"), ("other", "sent")])
        case "Endpoint for browsers": return await server.send("GET", "/auth/for-browsers", query: "other=sent")
        case "AuthorizationFlow", "InteractionStep":
            let browser = Browser(server)
            let page = await browser.authorize([
                ("response_type", "forgetful"), ("client_id", "c"), ("redirect_uri", Demo.callback), ("scope", "read"),
                ("other", "sent"),
            ])
            return await browser.signIn(page)
        default:
            return await server.post(
                "/auth/token", [("grant_type", "forgetful"), ("client_id", "c"), ("other", "sent")])
        }
    }

    private func reported(_ server: TestServer) -> [String] {
        server.log.lines.filter { $0.contains("reads an undeclared parameter") }
    }

    private static let roles = [
        "TokenGrant", "TokenRequestFilter", "AuthorizationFlow", "Endpoint", "Endpoint for browsers", "InteractionStep",
    ]

    @Test("once, with the plugin, the role and the cure, and the request continues", arguments: roles)
    func once(_ role: String) async throws {
        let server = try await server()
        for _ in 0..<3 {
            let answer = await Self.$choice.withValue(Choice(role: role, names: ["other"])) { await ask(role, server) }
            #expect(answer.status < 400, "\(answer.html)")
        }
        let list = role == "InteractionStep" ? "fields" : "parameters"
        let kind = role == "Endpoint for browsers" ? "Endpoint" : role
        let what =
            "the \(kind) of the plugin 'forgetful' reads the parameter 'other', which is not declared and therefore "
            + "never there; add it to its \(list)"
        #expect(reported(server).count == 1)
        #expect(reported(server).first?.hasPrefix("error ") == true)
        #expect(reported(server).first?.contains("plugin=forgetful what=\(what)") == true, "\(reported(server))")
    }

    @Test("but not one that is declared, by the role or by another that the request is for", arguments: roles)
    func declared(_ role: String) async throws {
        let server = try await server()
        let names = [
            "TokenGrant": ["declared", "scope", "audience", "client_id"],
            // Of this grant, of another grant, and of the core.
            "TokenRequestFilter": ["declared", "refresh_token", "scope"],
            "AuthorizationFlow": ["code_challenge", "nonce", "state"], "Endpoint": ["client_id"],
            "InteractionStep": ["answer"],
        ]
        let choice = Choice(role: role, names: names[role] ?? [])
        let answer = await Self.$choice.withValue(choice) { await ask(role, server) }
        #expect(answer.status < 400)
        #expect(reported(server).isEmpty)
    }

    @Test("and not for an extension, which may look for the parameters of another grant")
    func extensions() async throws {
        let server = try await server()
        let choice = Choice(role: "ResponseExtension", names: ["other"])
        let answer = await Self.$choice.withValue(choice) { await ask("ResponseExtension", server) }
        #expect(answer.status == 200)
        #expect(reported(server).isEmpty)
    }

    @Test("names from a request fill the log with a few short lines at most")
    func bounded() async throws {
        let server = try await server()
        let names = (0..<500).map { "\($0)\n\u{202E}" + String(repeating: "x", count: 5000) }
        let choice = Choice(role: "TokenGrant", names: names)
        _ = await Self.$choice.withValue(choice) { await ask("TokenGrant", server) }
        #expect((1...16).contains(reported(server).count))
        #expect(reported(server).allSatisfy { $0.utf8.count < 500 && !$0.contains("\n") && !$0.contains("\u{202E}") })
    }

    @Test("the plugins of this repository declare everything that they read")
    func own() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.signIn(await browser.authorize(Demo.request()))
        let code = await browser.allow(page).query["code"] ?? ""
        let form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Demo.callback),
            ("code_verifier", Demo.verifier),
        ]
        let answer = await server.post("/auth/token", form, as: ("web", Demo.secret))
        #expect(answer.status == 200, "\(answer.json)")
        for path in ["/auth/sessions", "/auth/grants", "/auth/password"] { _ = await browser.open(path) }
        _ = await server.introspect(answer["access_token"] ?? "", as: "web", Demo.secret)
        #expect(reported(server).isEmpty, "\(reported(server))")
    }
}
