// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A plugin with every part that can return writes; the part that a test chooses returns one.
private struct Returning: Plugin {
    static let manifest = PluginManifest(id: "returning", summary: "", specification: "")
    static let grant = GrantDeclaration("returning", client: .identified)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("returning"))
        registry.add(grant: Grant())
        registry.add(extension: Member())
        registry.add(format: Format())
        registry.add(flow: Flow())
        registry.add(endpoint: ForClients())
        registry.add(endpoint: ForTokens())
        registry.add(endpoint: ForBrowsers())
        registry.add(revocation: Participant())
    }

    struct Grant: TokenGrant {
        let declaration = Returning.grant

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            var authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
            authorization.writes = ReturnedWriteTests.writes(of: .grant)
            return authorization
        }
    }

    struct Member: ResponseExtension {
        let members = ["returning_member"]

        func extend(_ issuance: inout Issuance) async throws {
            for write in ReturnedWriteTests.writes(of: .member) { issuance.alsoWrite(write) }
        }
    }

    struct Format: TokenFormat {
        let name = "returning"
        let isSelfContained = true

        func mint(_ contents: TokenContents) async throws -> MintedToken {
            MintedToken("a token", writes: ReturnedWriteTests.writes(of: .format))
        }

        func resolve(_ value: String) async throws -> ResolvedToken? { nil }
    }

    struct Flow: AuthorizationFlow {
        let word = "returning"
        let grant = Returning.grant
        let delivery = Delivery.query

        func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
            try issuance.add("returning", "done")
            for write in ReturnedWriteTests.writes(of: .flow) { issuance.alsoWrite(write) }
        }
    }

    struct ForClients: Endpoint {
        let route = Route(["POST"], "/for-clients")
        let admission = Admission.client(.identified)
        let parameters: [ParameterDeclaration] = []

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            EndpointResponse(["done": true], writes: ReturnedWriteTests.writes(of: .endpoint))
        }
    }

    struct ForTokens: Endpoint {
        let route = Route(["GET"], "/for-tokens")
        let admission = Admission.bearer(["read"])

        func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
            EndpointResponse(["done": true], writes: ReturnedWriteTests.writes(of: .resourceEndpoint))
        }
    }

    struct ForBrowsers: Endpoint {
        let route = Route(["GET"], "/for-browsers")
        let admission = Admission.browser()

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            EndpointResponse(["done": true], writes: ReturnedWriteTests.writes(of: .browserEndpoint))
        }
    }

    struct Participant: RevocationParticipant {
        func writes(revoking what: Revocation) async throws -> [StoreWrite] {
            ReturnedWriteTests.writes(of: .participant)
        }
    }
}

/// A plugin that makes no mistake: it keeps a record of each grant that is revoked.
private struct Faultless: Plugin, RevocationParticipant {
    static let manifest = PluginManifest(id: "faultless", summary: "", specification: "")

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("faultless"))
        registry.add(revocation: self)
    }

    func writes(revoking what: Revocation) async throws -> [StoreWrite] {
        guard case .grant(let id) = what else { return [] }
        return [.create(StoreRecord(StoreKey("faultless", id), [:], expiresAt: Timestamp(seconds: 1_900_000_000)))]
    }
}

@Suite("What a plugin returns is committed to its own collections only", .timeLimit(.minutes(10)))
struct ReturnedWriteTests {
    /// The part of the plugin that returns a write.
    enum Part: String, CaseIterable, Sendable {
        case grant, member, format, flow, endpoint, resourceEndpoint, browserEndpoint, participant

        /// How the log names the part.
        var name: String {
            switch self {
            case .grant: "the grant 'returning'"
            case .member: "an extension"
            case .format: "the token format 'returning'"
            case .flow: "the response type 'returning'"
            case .endpoint, .resourceEndpoint, .browserEndpoint: "an endpoint"
            case .participant: "a participant in revocations"
            }
        }
    }

    /// The write that one part returns.
    struct Choice: Sendable {
        let part: Part
        let collection: String

        var key: StoreKey { StoreKey(collection, "by-\(part.rawValue)") }
    }

    @TaskLocal static var choice: Choice?

    static func writes(of part: Part) -> [StoreWrite] {
        guard let choice = ReturnedWriteTests.choice, choice.part == part else { return [] }
        return [.create(StoreRecord(choice.key, [:], expiresAt: Timestamp(seconds: 1_900_000_000)))]
    }

    private static func client(_ id: String, format: String) -> JSON {
        [
            "id": .string(id), "first_party": true, "scope": ["read"], "grant_types": ["returning"],
            "redirect_uri": .string(Demo.callback), "auth": ["returning": ["token_format": .string(format)]],
        ]
    }

    private func server() async throws -> TestServer {
        try await TestServer(
            Plugins.all + [.init(Returning.self), .init(Faultless.self)],
            clients: [Self.client("c", format: "opaque"), Self.client("f", format: "returning")], users: Demo.users)
    }

    private static func token(_ server: TestServer, _ client: String = "c") async -> Answer {
        await server.post("/auth/token", [("grant_type", "returning"), ("client_id", client)])
    }

    /// Sends a request that the part serves.
    private static func ask(_ part: Part, _ server: TestServer) async -> Answer {
        switch part {
        case .grant, .member, .participant: return await token(server)
        case .format: return await token(server, "f")
        case .endpoint: return await server.post("/auth/for-clients", [("client_id", "c")])
        case .resourceEndpoint:
            let value = await token(server)["access_token"] ?? ""
            return await server.send("GET", "/auth/for-tokens", headers: [("authorization", "Bearer \(value)")])
        case .browserEndpoint: return await server.send("GET", "/auth/for-browsers")
        case .flow:
            let browser = Browser(server)
            let page = await browser.authorize([
                ("response_type", "returning"), ("client_id", "c"), ("redirect_uri", Demo.callback), ("scope", "read"),
            ])
            return await browser.signIn(page)
        }
    }

    private static let answering = Part.allCases.filter { $0 != .participant }
    private static let others = ["undeclared", "authorization_code", "session", "revoked"]

    @Test(
        "a write to a collection that the plugin has not declared is refused, whichever part returns it",
        arguments: answering, others)
    func undeclared(_ part: Part, _ collection: String) async throws {
        let server = try await server()
        let choice = Choice(part: part, collection: collection)
        let answer = await Self.$choice.withValue(choice) { await Self.ask(part, server) }
        #expect(answer.status == 500, "\(answer.json)")
        let record = try await server.core.store.read(choice.key)
        #expect(record == nil)
        let isCores = ["session", "revoked"].contains(collection)
        let cure = isCores ? "which belongs to the core" : "which it has not declared; add registry.add(collection:)"
        let line = "\(part.name) of the plugin 'returning' writes to the collection '\(collection)', \(cure)"
        #expect(server.log.lines.contains { $0.hasPrefix("error failed") && $0.contains(line) }, "\(server.log.lines)")
        #expect(!server.log.lines.contains { $0.contains("by-\(part.rawValue)") })
    }

    @Test(
        "a write to a collection that the plugin has declared is committed, whichever part returns it",
        arguments: answering)
    func own(_ part: Part) async throws {
        let server = try await server()
        let choice = Choice(part: part, collection: "returning")
        let answer = await Self.$choice.withValue(choice) { await Self.ask(part, server) }
        #expect(answer.status < 400, "\(answer.json)")
        let record = try await server.core.store.read(choice.key)
        #expect(record != nil)
    }

    @Test("a revocation leaves out the writes of a plugin that has not declared their collection, and no others")
    func participants() async throws {
        let server = try await server()
        let store = server.core.store
        for (number, collection) in (Self.others + ["returning"]).enumerated() {
            let choice = Choice(part: .participant, collection: collection)
            try await Self.$choice.withValue(choice) {
                try await server.core.tokens.revoke(.grant("g-\(number)"), reason: "test")
            }
            let found = try await store.read([
                StoreKey("revoked", "g-\(number)"), StoreKey("faultless", "g-\(number)"), choice.key,
            ])
            #expect(found[0] != nil && found[1] != nil, "\(collection)")
            #expect((found[2] != nil) == (collection == "returning"), "\(collection)")
        }
        let lines = server.log.lines.filter { $0.contains("a plugin's part of a revocation") }
        #expect(lines.count == Self.others.count)
        #expect(lines.allSatisfy { $0.contains("a participant in revocations of the plugin 'returning' writes to") })
    }
}
