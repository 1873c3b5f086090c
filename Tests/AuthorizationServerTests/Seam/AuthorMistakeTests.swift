// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

/// A grant, an endpoint, an extension and a participant that make the mistakes that the request asks for.
private struct Careless: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "careless", summary: "", specification: "")
    static let client: JSON = ["id": "c", "grant_types": ["careless"]]
    let declaration = GrantDeclaration("careless", client: .identified)
    let parameters = [
        ParameterDeclaration("end"), ParameterDeclaration("writes", repeatable: true), ParameterDeclaration("grant_id"),
    ]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(endpoint: Twice())
        registry.add(revocation: Participant())
        registry.add(collection: StoreCollection("careless"))
    }

    static let key = StoreKey("careless", "a-secret-handle")

    static func write(_ kind: String) -> StoreWrite {
        let record = StoreRecord(key, ["by": .string(kind)], expiresAt: Timestamp(seconds: 1_900_000_000))
        switch kind {
        case "create": return .create(record)
        case "replace": return .replace(record, ifVersion: 1)
        case "redeem": return .redeem(key)
        case "delete": return .delete(key)
        default: return .absent(key)
        }
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        var authorization = Authorization(subject: .user("ann"), limits: request.allowed)
        if let end = request.parameters["end"].flatMap({ Int64($0) }) {
            authorization.limits.end(by: Timestamp(seconds: end))
        }
        authorization.grantID = request.parameters["grant_id"]
        authorization.writes = request.parameters.values("writes").map(Careless.write)
        return authorization
    }

    struct Twice: Endpoint {
        let route = Route(["POST"], "/twice")
        let admission = Admission.client(.identified)
        let parameters = [ParameterDeclaration("writes", repeatable: true)]

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            EndpointResponse(["done": true], writes: request.parameters.values("writes").map(Careless.write))
        }
    }

    /// Adds a write whose condition never holds.
    struct Participant: RevocationParticipant {
        func writes(revoking what: Revocation) async throws -> [StoreWrite] {
            switch what {
            case .grant("fails"): throw ConfigurationError("a mistake")
            case .grant("refuses"): throw OAuthError(.accessDenied, "no")
            case .grant("store"): throw StoreError("the store fails")
            default: [Careless.write("redeem")]
            }
        }
    }
}

@Suite("Mistakes of a plugin's author are refused and named", .timeLimit(.minutes(10)))
struct AuthorMistakeTests {
    private static let now: Int64 = 1_800_000_000

    private func server() async throws -> (TestServer, CountingStore) {
        let plugins = [PluginSetup(CountingStore.self), .init(Plugins.opaqueToken), .init(Careless.self)]
        let server = try await TestServer(plugins, clients: [Careless.client])
        return (server, try #require(server.countingStore))
    }

    private func ask(_ server: TestServer, _ form: [(String, String)]) async -> Answer {
        await server.post("/auth/token", [("grant_type", "careless"), ("client_id", "c")] + form)
    }

    @Test(
        "a token that would already be expired is refused, and nothing is written",
        arguments: [Int64.min, -1, 0, 4_126_977, now - 1, now])
    func ended(_ end: Int64) async throws {
        let (server, store) = try await server()
        let before = store.writes
        let answer = await ask(server, [("end", "\(end)")])
        #expect(answer.error == "invalid_grant" && answer["access_token"] == nil, "\(answer.json)")
        #expect(store.writes == before)
        #expect(server.log.lines.contains { $0.contains("has ended") })
    }

    @Test("a token is valid up to its limits, and not longer than the client's tokens")
    func open() async throws {
        let (server, _) = try await server()
        for (end, seconds) in [(Self.now + 1, 1), (Self.now + 899, 899), (Self.now + 901, 900), (Int64.max, 900)] {
            #expect(await ask(server, [("end", "\(end)")]).json["expires_in"]?.integer == Int64(seconds), "\(end)")
        }
    }

    @Test("a redemption without a grant ID is refused, since a replay would revoke nothing")
    func noGrantID() async throws {
        let (server, store) = try await server()
        _ = try await server.core.store.write([Careless.write("create")])
        let before = store.writes
        let answer = await ask(server, [("writes", "redeem")])
        #expect(answer.status == 500 && answer.error == "server_error")
        #expect(store.writes == before && !server.log.lines.contains { $0.contains("revoked") })
        #expect(server.log.lines.contains { $0.contains("'careless'") && $0.contains("set grantID") })
        let first = await ask(server, [("writes", "redeem"), ("grant_id", "g-1")])
        #expect(try await server.core.tokens.resolve(first["access_token"] ?? "") != nil)
        #expect(await ask(server, [("writes", "redeem"), ("grant_id", "g-1")]).error == "invalid_grant")
        #expect(try await server.core.tokens.resolve(first["access_token"] ?? "") == nil, "the replay ended it")
    }

    @Test("a record that exists already is refused, and the log names its collection, but not its key")
    func createdBefore() async throws {
        let (server, _) = try await server()
        #expect(await ask(server, [("writes", "create")]).status == 200)
        #expect(await ask(server, [("writes", "create")]).error == "invalid_grant")
        let line = try #require(server.log.lines.last { $0.hasPrefix("info refused") })
        #expect(line.contains("a record to be created already exists in the collection 'careless'"), "\(line)")
        #expect(!line.contains("a-secret-handle"))
    }

    private static let kinds = ["create", "replace", "redeem", "delete", "absent"]

    @Test("two writes of one record are refused before they reach a store", arguments: kinds, kinds)
    func twice(_ first: String, _ second: String) async throws {
        let (server, store) = try await server()
        let before = store.writes
        let writes = [("writes", first), ("writes", second)]
        let answers = [
            await ask(server, writes + [("grant_id", "g-1")]),
            await server.post("/auth/twice", writes + [("client_id", "c")]),
        ]
        for answer in answers {
            if first == "absent", second == "absent" {
                #expect(answer.status == 200, "two conditions agree")
            } else {
                #expect(answer.status == 500 && answer.error == "server_error", "\(answer.json)")
            }
        }
        guard first != "absent" || second != "absent" else { return }
        #expect(store.writes == before)
        let lines = server.log.lines.filter { $0.contains("one record of the collection 'careless' twice") }
        #expect(lines.count == 2 && !server.log.lines.contains { $0.contains("a-secret-handle") })
    }

    @Test("a revocation is committed even if a plugin's part of it cannot be, and the log says so")
    func participant() async throws {
        let (server, _) = try await server()
        let token = await ask(server, [("grant_id", "g-1")])["access_token"] ?? ""
        try await server.core.tokens.revoke(.grant("g-1"), reason: "test")
        #expect(try await server.core.tokens.resolve(token) == nil)
        #expect(server.log.lines.contains { $0.contains("a plugin's part of a revocation") })
        let revoked = server.log.lines.count { $0.contains("reason=test") }
        try await server.core.tokens.revoke(.grant("g-1"), reason: "test")
        #expect(server.log.lines.count { $0.contains("reason=test") } == revoked, "it was over before")
    }

    @Test("a revocation is committed even if a plugin fails", arguments: ["fails", "refuses"])
    func failingParticipant(_ grant: String) async throws {
        let (server, _) = try await server()
        let token = try #require(await ask(server, [("grant_id", grant)])["access_token"])
        try await server.core.tokens.revoke(.grant(grant), reason: "test")
        #expect(try await server.core.tokens.resolve(token) == nil)
        #expect(server.log.lines.contains { $0.contains("careless") && $0.contains("left out") })
    }

    @Test("a revocation can be repeated if the store fails while a plugin takes part")
    func failingStore() async throws {
        let (server, _) = try await server()
        let token = try #require(await ask(server, [("grant_id", "store")])["access_token"])
        await #expect(throws: StoreError.self) {
            try await server.core.tokens.revoke(.grant("store"), reason: "test")
        }
        #expect(try await server.core.tokens.resolve(token) != nil)
    }
}
