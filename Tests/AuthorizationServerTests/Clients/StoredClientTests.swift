// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

extension TestServer {
    /// The stored clients, as the commands access them.
    var storedClients: StoredClients {
        get throws {
            StoredClients(
                store: core.store, generation: try #require(core.generation), cryptography: SystemCryptography(),
                secrets: TestServer.secrets, passwords: passwords, random: clock.random)
        }
    }
}

@Suite("Clients in the store", .timeLimit(.minutes(10)))
struct StoredClientTests {
    static let orders: JSON = [
        "id": "orders", "grant_types": ["client_credentials", "refresh_token"], "scope": ["read", "write"],
        "auth": ["client_credentials": ["refresh_token": true]],
    ]
    static let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst()

    /// A server, and the secret that it generated for the client 'orders'.
    static func server(format: String = "opaque") async throws -> (server: TestServer, secret: String) {
        let server = try await TestServer(plugins, format: format)
        let change = try await server.storedClients.create(orders)
        return (server, try #require(change.secret).exposed)
    }

    private func token(_ server: TestServer, _ secret: String, _ more: [(String, String)] = []) async -> Answer {
        await server.post("/auth/token", [("grant_type", "client_credentials")] + more, as: ("orders", secret))
    }

    private func counting(_ server: TestServer) throws -> CountingStore {
        try #require(server.countingStore)
    }

    @Test("the server generates a secret of 256 bits, shows it once and keeps only its digest")
    func generates() async throws {
        let (server, secret) = try await StoredClientTests.server()
        #expect(secret.utf8.count == 43)
        let record = try #require(try await server.core.store.read(StoreKey("client", "orders")))
        #expect(!record.value.text.contains(secret))
        #expect(try await !(server.storedClients.entry("orders")?.document.text.contains(secret) ?? true))
        #expect(await token(server, secret).status == 200)
        #expect(await token(server, secret + "x").error == "invalid_client")
        #expect(!server.log.lines.contains { $0.contains(secret) })
    }

    @Test(
        "a token request reads a stored client once and a declared one never, and rereading does not parse")
    func reads() async throws {
        let (server, secret) = try await StoredClientTests.server(format: "jwt")
        let store = try counting(server)
        for _ in 0..<3 {
            let before = store.reads
            #expect(await token(server, secret, [("scope", "read")]).status == 200)
            #expect(store.reads - before == 1)
        }
        let before = store.reads
        #expect(await server.token().status == 200)
        #expect(store.reads == before)
    }

    @Test(
        "introspection reads the token's client together with the tombstones", arguments: [("jwt", 1), ("opaque", 2)])
    func introspectionReads(_ format: String, _ expected: Int) async throws {
        let (server, secret) = try await StoredClientTests.server(format: format)
        let store = try counting(server)
        let value = try #require(await token(server, secret)["access_token"])
        let before = store.reads
        #expect(try await server.core.tokens.resolve(value) != nil)
        #expect(store.reads - before == expected)
    }

    private static let api: JSON = ["id": "https://api.example.com", "secret": "api secret", "grant_types": []]

    @Test(
        "an API that introspects a stored client's token causes no further read, and the client has to be valid",
        arguments: [("jwt", 1), ("opaque", 2)])
    func introspectionByAnAPI(_ format: String, _ expected: Int) async throws {
        let server = try await TestServer(Self.plugins, clients: [Self.api], format: format)
        var document = Self.orders
        document["auth"] = ["client_credentials": ["audience": "https://api.example.com"]]
        let secret = try #require(try await server.storedClients.create(document).secret).exposed
        let value = try #require(await token(server, secret)["access_token"])
        let store = try counting(server)
        let before = store.reads
        let told = await server.introspect(value, as: "https://api.example.com", "api secret")
        #expect(told.json["active"] == true && told["client_id"] == "orders")
        #expect(store.reads - before == expected)
        let fewer = Self.plugins.filter { $0.type.manifest.id != "refresh-token" }
        server.core.install(try await server.generation(fewer, clients: [Self.api], format: format))
        let after = await server.introspect(value, as: "https://api.example.com", "api secret")
        #expect(after.json == ["active": false])
    }

    // MARK: what ends with a client

    /// Changes of a client, and whether tokens issued before them stay valid.
    static let changes: [(what: String, isLive: Bool, change: @Sendable (StoredClients) async throws -> Void)] = [
        ("disabled", false, { try await $0.set(active: false, of: "orders") }),
        (
            "disabled and enabled", false,
            {
                try await $0.set(active: false, of: "orders")
                try await $0.set(active: true, of: "orders")
            }
        ),
        ("removed", false, { _ = try await $0.delete("orders", if: .any) }),
        (
            "removed and made anew", false,
            {
                _ = try await $0.delete("orders", if: .any)
                _ = try await $0.create(orders)
            }
        ),
        (
            "replaced by an inactive one", false,
            {
                var document = orders
                document["active"] = false
                _ = try await $0.replace("orders", with: document, if: .any)
            }
        ),
        (
            "renamed", true,
            {
                var document = orders
                document["name"] = "Orders"
                _ = try await $0.replace("orders", with: document, if: .any)
            }
        ),
        (
            "given another secret", true,
            { clients in
                let now = Timestamp(seconds: 1_800_000_000)
                _ = try await clients.rotateSecret(of: "orders", keepingOldFor: .seconds(60), now: now)
            }
        ),
    ]

    @Test("everything granted to a client ends with it for good", arguments: changes.indices, ["opaque", "jwt"])
    func ends(_ place: Int, _ format: String) async throws {
        let (what, isLive, change) = StoredClientTests.changes[place]
        let (server, secret) = try await StoredClientTests.server(format: format)
        let issued = await token(server, secret)
        let (access, refresh) = try (#require(issued["access_token"]), #require(issued["refresh_token"]))
        for value in [access, refresh] { #expect(try await server.core.tokens.resolve(value) != nil) }
        try await change(try server.storedClients)
        for value in [access, refresh] {
            #expect(try await (server.core.tokens.resolve(value) != nil) == isLive, "\(what)")
        }
        let again = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)], as: ("orders", secret))
        #expect((again.status == 200) == isLive, "\(what): \(again.json.text)")
    }

    @Test("a client that is created again cannot redeem what was granted to its predecessor")
    func anew() async throws {
        let (server, secret) = try await StoredClientTests.server()
        let refresh = try #require(await token(server, secret)["refresh_token"])
        _ = try await server.storedClients.delete("orders", if: .any)
        let next = try #require(try await server.storedClients.create(StoredClientTests.orders).secret).exposed
        let again = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", refresh)], as: ("orders", next))
        #expect(again.error == "invalid_grant")
    }

    // MARK: secrets

    @Test("after a rotation both secrets are valid until the old one expires, then only the new one")
    func rotation() async throws {
        let (server, old) = try await StoredClientTests.server()
        func rotate(_ keep: Duration) async throws -> String {
            try await server.storedClients.rotateSecret(of: "orders", keepingOldFor: keep, now: server.clock.now)
                .exposed
        }
        let second = try await rotate(.seconds(600))
        #expect(await token(server, old).status == 200)
        #expect(await token(server, second).status == 200)
        server.clock.advance(.seconds(601))
        #expect(await token(server, old).error == "invalid_client")
        #expect(await token(server, second).status == 200)
        let third = try await rotate(.seconds(600))
        let fourth = try await rotate(.seconds(600))
        #expect(await token(server, second).error == "invalid_client", "two are live, no more")
        #expect(await token(server, third).status == 200)
        let fifth = try await rotate(.zero)
        #expect(await token(server, fourth).error == "invalid_client")
        #expect(await token(server, fifth).status == 200)
        #expect(try await server.storedClients.secrets(of: "orders").map(\.until) == [nil])
    }

    /// Imported secrets, all of them 'correct horse'.
    static let brought: [JSON] = ["correct horse", .string(People.scrypt), .string(People.bcrypt)]

    @Test("an imported secret is stored as a slow hash", arguments: brought)
    func broughtAlong(_ secret: JSON) async throws {
        let server = try await TestServer()
        var document = StoredClientTests.orders
        document["secret"] = secret
        let change = try await server.storedClients.create(document)
        #expect(change.secret == nil)
        let record = try #require(try await server.core.store.read(StoreKey("client", "orders")))
        #expect(!record.value.text.contains("correct horse"))
        #expect(await token(server, "wrong horse").error == "invalid_client")
    }

    @Test("an imported plain secret authenticates")
    func plain() async throws {
        let server = try await TestServer()
        var document = StoredClientTests.orders
        document["secret"] = "correct horse"
        _ = try await server.storedClients.create(document)
        #expect(await token(server, "correct horse").status == 200)
        #expect(await token(server, "wrong horse").error == "invalid_client")
    }

    // MARK: what is refused

    /// Clients that must not be created next to a declared client and stored users and clients.
    static let refused: [(rule: String, member: String, value: JSON?, kind: DocumentRefusal.Kind, pointer: String)] = [
        ("the id of a declared client", "id", "service", .declared, "/id"),
        ("the id of a client in the store", "id", "orders", .taken, "/id"),
        ("the id of a user in the store", "id", "ann", .taken, "/id"),
        ("the id of a declared user", "id", "bob", .taken, "/id"),
        ("an id that addresses drop", "id", "..", .invalid, "/id"), ("a dot alone", "id", ".", .invalid, "/id"),
        ("an id that is none", "id", "", .invalid, "/id"), ("an id that is a number", "id", 7, .invalid, "/id"),
        ("an unknown member", "scops", "x", .invalid, "/scops"),
        ("an unknown grant", "grant_types", ["client_credentials", "magic"], .invalid, "/grant_types/1"),
        ("a public client with a confidential grant", "secret", .null, .invalid, "/grant_types/0"),
        ("a secret that is none", "secret", "", .invalid, "/secret"),
        ("a secret that looks like a hash", "secret", "$2b$31$x", .invalid, "/secret"),
        ("an id that looks like another", "id", "\u{212A}", .invalid, "/id"),
        ("a scope word that is none", "scope", ["a b"], .invalid, "/scope/0"),
        ("an origin that is none", "allowed_origins", ["https://x/y"], .invalid, "/allowed_origins/0"),
        (
            "an attribute of another kind", "auth", ["client_credentials": ["audience": 7]], .invalid,
            "/auth/client_credentials/audience"
        ),
        ("a key with a slash", "auth", ["a/b~c": [:]], .invalid, "/auth/a~1b~0c"),
        ("another kind of document", "resourceType", "User", .invalid, "/resourceType"),
    ]

    @Test(
        "an invalid client is refused with the position and the reason", .clause("RFC 9700 section 4.15"),
        arguments: refused.indices)
    func refuses(_ place: Int) async throws {
        let (rule, member, value, kind, pointer) = StoredClientTests.refused[place]
        let server = try await TestServer(users: [["id": "bob"]])
        try await server.add(People.ann)
        _ = try await server.storedClients.create(StoredClientTests.orders)
        var document = StoredClientTests.orders
        document["id"] = "new"
        document[member] = value
        let refusal = await #expect(throws: DocumentRefusal.self) { try await server.storedClients.create(document) }
        #expect(
            refusal?.kind == kind && refusal?.problems.map(\.pointer).contains(pointer) == true,
            "\(rule): \(refusal as Any)")
        let stored = try await server.storedClients.page(after: nil, limit: 10).filter { !$0.isDeclared }
        #expect(stored.map(\.id) == ["orders"])
    }

    @Test("a stored client gets no tokens that outlive the published keys, unless the configuration allows such")
    func lifetime() async throws {
        let few = [Plugins.memoryStore, Plugins.jwtToken, Plugins.clientCredentials].map { PluginSetup($0) }
        var long: JSON = ["id": "long", "secret": "x", "grant_types": ["client_credentials"]]
        long["auth"] = ["client_credentials": ["access_token_expiration": "30d"]]
        var next = long
        next["id"] = "next"
        let plain = try await TestServer(few, clients: [StoredClientTests.simple(TestServer.service)], format: "jwt")
        let refusal = await #expect(throws: DocumentRefusal.self) { try await plain.storedClients.create(next) }
        #expect(refusal?.problems.first?.pointer == "/auth/client_credentials/access_token_expiration")
        let server = try await TestServer(few, clients: [long], format: "jwt")
        #expect(try await server.storedClients.create(next).isNew)
    }

    @Test("a user cannot take the ID of a client in the store", .clause("RFC 9700 section 4.15"))
    func users() async throws {
        let (server, _) = try await StoredClientTests.server()
        let problem = await #expect(throws: DocumentRefusal.self) { try await server.add(["id": "orders"]) }
        #expect(problem?.description.contains("RFC 9700") == true)
    }

    @Test("of 64 concurrent clients and users with one ID, one is created", .clause("RFC 9700 section 4.15"))
    func race() async throws {
        let server = try await TestServer()
        let (clients, users) = try (server.storedClients, server.stored)
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    if number % 2 == 0 { return (try? await users.create(["id": "orders"])) != nil }
                    return (try? await clients.create(StoredClientTests.orders)) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
    }

    @Test("identifiers in both the store and the configuration are found at the start")
    func conflicts() async throws {
        let (server, _) = try await StoredClientTests.server()
        let settings = ServerSettings(
            issuer: server.core.issuer, clients: [["id": "x"], ["id": "orders"]], users: [["id": "orders"]])
        let problems = try await Identifiers.conflicts(
            with: settings, in: server.core.store, SystemCryptography())
        #expect(
            problems.map(\.path) == [
                [.key("clients"), .element(1), .key("id")], [.key("users"), .element(0), .key("id")],
            ])
    }

    @Test("a client that is not valid with the loaded plugins is refused, and the log says why")
    func noLongerValid() async throws {
        let (server, secret) = try await StoredClientTests.server()
        let access = try #require(await token(server, secret)["access_token"])
        let fewer = StoredClientTests.plugins.filter { $0.type.manifest.id != "refresh-token" }
        // The server continues to use the store of the first generation.
        server.core.install(
            try await server.generation(fewer, clients: [TestServer.service].map(StoredClientTests.simple)))
        for _ in 0..<2 {
            let answer = await token(server, secret)
            #expect(answer.status == 400 && answer.error == "unauthorized_client", "\(answer.json.text)")
        }
        let told = server.log.lines.filter { $0.contains("is not valid with the loaded plugins") }
        #expect(told.count == 1 && told[0].contains("refresh_token") && told[0].contains("orders"), "\(told)")
        #expect(await server.token().status == 200, "others are served")
        _ = try await server.core.tokens.resolve(access)
    }

    static func simple(_ client: JSON) -> JSON {
        var client = client
        client["grant_types"] = ["client_credentials"]
        return client
    }

    @Test("a failing store authenticates nobody")
    func failing() async throws {
        let (server, secret) = try await StoredClientTests.server()
        try counting(server).fail(true)
        #expect(await token(server, secret).status == 503)
    }

    @Test("a preflight allows the origins of stored clients for as long as they have them")
    func origins() async throws {
        let server = try await TestServer(clients: [StoredClientTests.simple(["id": "plain", "secret": "x"])])
        func preflight() async -> Int {
            let headers = [
                (name: "origin", value: "https://shop.example.com"),
                (name: "access-control-request-method", value: "POST"),
            ]
            return await server.send("OPTIONS", "/auth/token", headers: headers).status
        }
        #expect(await preflight() == 405)
        var document = StoredClientTests.orders
        document["allowed_origins"] = ["https://shop.example.com"]
        let secret = try #require(try await server.storedClients.create(document).secret).exposed
        #expect(await preflight() == 204)
        let answer = await server.post(
            "/auth/token", [("grant_type", "client_credentials")], as: ("orders", secret),
            headers: [("origin", "https://shop.example.com")])
        #expect(answer.header("access-control-allow-origin") == "https://shop.example.com")
        _ = try await server.storedClients.replace("orders", with: StoredClientTests.orders, if: .any)
        #expect(await preflight() == 405)
    }

    @Test("a change applies to the next request at every server on the store")
    func seen() async throws {
        let (server, secret) = try await StoredClientTests.server()
        #expect(await token(server, secret, [("scope", "write")]).status == 200)
        var document = StoredClientTests.orders
        document["scope"] = ["read"]
        // As another server does it: nothing in the memory of the first one is updated.
        _ = try await server.storedClients.replace("orders", with: document, if: .any)
        #expect(await token(server, secret, [("scope", "write")]).error == "invalid_scope")
    }
}
