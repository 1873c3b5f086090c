// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

/// A grant, a format and a member with random names, so that the core cannot know any of them.
struct RandomlyNamed: Plugin {
    static let word = String((0..<12).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" })
    static let manifest = PluginManifest(id: word, summary: "", specification: "")
    let host: any PluginHost
    let attribute: GrantAttribute<String>

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        attribute = settings.grantAttribute("\(Self.word)_attribute", default: "none", "test")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: Grant())
        registry.add(format: Format(host: host))
        registry.add(extension: Member(attribute: attribute))
        registry.add(endpoint: Echo())
        registry.add(collection: StoreCollection("\(Self.word)_rows"))
        registry.add(metadata: "\(Self.word)_supported", .union(["yes"]))
    }

    struct Grant: TokenGrant {
        let declaration = GrantDeclaration(
            "urn:\(word):grant", key: "\(word)_key", aliases: ["\(word)_alias"], client: .identified)
        let parameters = [ParameterDeclaration("\(word)_parameter", required: true)]

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            var authorization = Authorization(
                subject: .user(try request.parameters.required("\(word)_parameter")), limits: request.allowed)
            authorization.limits.end(by: Timestamp(seconds: 1_800_000_060))
            return authorization
        }
    }

    struct Format: TokenFormat {
        let host: any PluginHost
        let name = "\(word)_format"
        let isSelfContained = false

        func mint(_ contents: TokenContents) async throws -> MintedToken {
            let row = StoreRecord(
                StoreKey("\(word)_rows", contents.id), contents.authorization.stored, expiresAt: contents.expiresAt)
            return MintedToken("\(word):\(contents.client.id):\(contents.id)", writes: [.create(row)])
        }

        func resolve(_ value: String) async throws -> ResolvedToken? {
            let parts = value.split(separator: ":").map(String.init)
            guard parts.count == 3, let row = try await host.store.read(StoreKey("\(word)_rows", parts[2])) else {
                return nil
            }
            return ResolvedToken(
                kind: .access, id: parts[2], clientID: parts[1], issuedAt: host.now, expiresAt: row.expiresAt,
                authorization: try Authorization(stored: row.value))
        }
    }

    struct Member: ResponseExtension {
        let attribute: GrantAttribute<String>
        let members = ["\(word)_member"]

        func extend(_ issuance: inout Issuance) async throws {
            let value = issuance.client[attribute, under: issuance.authorization.origin]
            try issuance.add("\(word)_member", .string(value))
        }
    }

    struct Echo: Endpoint {
        let route = Route(["POST"], "/\(word)", metadata: "\(word)_endpoint")
        let admission = Admission.client(.identified)
        let parameters = [ParameterDeclaration("\(word)_parameter", repeatable: true)]

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            EndpointResponse(.strings(request.parameters.values("\(word)_parameter")), status: 202)
        }
    }
}

@Suite("The seam between core and plugins", .timeLimit(.minutes(10)))
struct PluginSeamTests {
    private static let word = RandomlyNamed.word
    private static let client: JSON = .object([
        .init("id", "client"), .init("grant_types", .strings(["\(word)_alias"])), .init("scope", ["a"]),
        .init("auth", .object([.init("\(word)_key", .object([.init("\(word)_attribute", "seen")]))])),
    ])

    @Test("the core serves a plugin whose names are all random")
    func random() async throws {
        let word = RandomlyNamed.word
        let server = try await TestServer(
            [.init(Plugins.memoryStore), .init(RandomlyNamed.self)], clients: [Self.client], format: nil)
        let answer = await server.post(
            "/auth/token", [("grant_type", "urn:\(word):grant"), ("\(word)_parameter", "ann"), ("client_id", "client")])
        #expect(answer["\(word)_member"] == "seen" && answer.json["expires_in"] == 60)
        let token = try #require(try await server.core.tokens.resolve(answer["access_token"] ?? ""))
        #expect(token.authorization.subject == .user("ann"))
        let echo = await server.post(
            "/oauth2/\(word)", [("\(word)_parameter", "1"), ("\(word)_parameter", "2"), ("client_id", "client")])
        #expect(echo.status == 202 && echo.json == ["1", "2"])
        let metadata = await server.send("GET", "/.well-known/oauth-authorization-server").json
        #expect(metadata["grant_types_supported"] == .strings(["urn:\(word):grant"]))
        #expect(metadata["\(word)_supported"] == ["yes"] && metadata["\(word)_endpoint"] != nil)
    }

    @Test("two plugins that claim one name prevent the start, and the message names both")
    func taken() async throws {
        let twice = [Plugins.memoryStore, RandomlyNamed.self, Impostor.self].map { PluginSetup($0) }
        let error = await #expect(throws: ConfigurationError.self) {
            try await TestServer(twice, clients: [], format: nil)
        }
        #expect(
            error?.message.contains(
                "plugin 'impostor' adds the grant 'urn:\(Self.word):grant', which plugin '\(Self.word)' adds too")
                == true)
    }

    struct Impostor: Plugin {
        static let manifest = PluginManifest(id: "impostor", summary: "", specification: "")
        init(settings: Settings, host: any PluginHost) {}
        func register(in registry: inout Registry) { registry.add(grant: RandomlyNamed.Grant()) }
    }

    @Test("a plugin stops after the last request that uses it, and not before")
    func lifetime() async throws {
        let server = try await TestServer(
            [.init(Plugins.memoryStore), .init(Slow.self)], clients: [Slow.client], format: nil)
        let request = Task { await server.post("/auth/token", [("grant_type", "slow"), ("client_id", "c")]) }
        await Slow.gate.arrived()
        server.core.install(
            try await server.generation(
                [.init(Plugins.memoryStore), .init(RandomlyNamed.self)], clients: [Self.client], format: nil))
        #expect(!Slow.isStopped, "a request still uses it")
        #expect(
            await server.post("/auth/token", [("grant_type", "slow"), ("client_id", "c")]).error
                == "unsupported_grant_type")
        Slow.gate.open()
        #expect(await request.value.status == 200)
        try await Patience.wait { Slow.isStopped }
        #expect(Slow.isStopped)
    }

    /// A grant that waits until a test lets it continue.
    struct Slow: Plugin, TokenGrant, TokenFormat {
        static let manifest = PluginManifest(id: "slow", summary: "", specification: "")
        static let client: JSON = ["id": "c", "grant_types": ["slow"]]
        static let gate = Gate()
        private static let stopped = Mutex(false)
        static var isStopped: Bool { stopped.withLock { $0 } }
        let declaration = GrantDeclaration("slow", client: .identified)
        let name = "slow"
        let isSelfContained = true

        init(settings: Settings, host: any PluginHost) {}

        func register(in registry: inout Registry) {
            registry.add(grant: self)
            registry.add(format: self)
        }

        func stop() async { Slow.stopped.withLock { $0 = true } }

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            await Slow.gate.wait()
            return Authorization(subject: .client("c"), limits: request.allowed)
        }

        func mint(_ contents: TokenContents) async throws -> MintedToken { MintedToken("slow") }
        func resolve(_ value: String) async throws -> ResolvedToken? { nil }
    }
}

/// Holds tasks back until it is opened, and reports when one has arrived.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var hasArrived = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watching: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let (isOpen, watching) = state.withLock { state in
                state.hasArrived = true
                if !state.isOpen { state.waiting.append(continuation) }
                defer { state.watching = [] }
                return (state.isOpen, state.watching)
            }
            for watcher in watching { watcher.resume() }
            if isOpen { continuation.resume() }
        }
    }

    func arrived() async {
        await withCheckedContinuation { continuation in
            let hasArrived = state.withLock { state in
                if !state.hasArrived { state.watching.append(continuation) }
                return state.hasArrived
            }
            if hasArrived { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }
}
