// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A resolver of tokens in the store that may do more than read them, as the beginning of the value says.
private struct BusyResolver: Plugin, TokenResolver {
    static let manifest = PluginManifest(id: "busy", summary: "", specification: "")
    static let collection = StoreCollection("busy")
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) { self.host = host }

    func register(in registry: inout Registry) {
        registry.add(resolver: self)
        registry.add(collection: Self.collection)
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        guard value.starts(with: "busy"), try await host.store.read(Self.collection.key("token")) != nil else {
            return nil
        }
        if value == "busy, and revokes" { try await host.tokens.revoke(.token("id"), reason: "a test") }
        if value == "busy, and writes" {
            let key = Self.collection.key("note")
            _ = try await host.store.write([.create(StoreRecord(key, [:], expiresAt: host.now + .seconds(60)))])
            guard try await host.store.read(key) != nil else { return nil }
        }
        if value == "busy, and reads more" {
            _ = try await host.store.read([Self.collection.key("a"), Self.collection.key("b")])
        }
        let authorization = Authorization(subject: .client("service"), limits: AccessLimits(scope: ["read"]))
        return ResolvedToken(
            kind: .access, id: "id", clientID: "service", issuedAt: host.now, expiresAt: host.now + .seconds(60),
            authorization: authorization)
    }
}

@Suite("A token in the store is checked with one read", .timeLimit(.minutes(10)))
struct TokenCheckTests {
    private static let plugins =
        [PluginSetup(CountingStore.self), PluginSetup(BusyResolver.self)] + Plugins.all.dropFirst()

    private func server() async throws -> (server: TestServer, store: CountingStore) {
        let server = try await TestServer(Self.plugins)
        return (server, try #require(server.countingStore))
    }

    /// Whether a token is valid, and how many reads that took.
    private func resolve(_ token: String, _ server: TestServer, _ store: CountingStore) async throws -> (Bool, Int) {
        let before = store.reads
        let isValid = try await server.core.tokens.resolve(token) != nil
        return (isValid, store.reads - before)
    }

    @Test("from the second time on, one read finds the token and what has ended it, also at another node")
    func ended() async throws {
        let (server, store) = try await server()
        let other = try await TestServer(beside: server, clients: [TestServer.service], users: [])
        let token = try #require(await server.token()["access_token"])
        for reads in [2, 1, 1] { #expect(try await resolve(token, server, store) == (true, reads)) }
        #expect(try await resolve(token, other, store) == (true, 2))
        await other.revoke(token)
        #expect(try await resolve(token, server, store) == (false, 1))
        #expect(try await resolve(token, other, store) == (false, 1))
    }

    @Test("a refresh token is checked with one read, and after a rotation it is the new one that is good")
    func refresh() async throws {
        let server = try await TestServer(Self.plugins, clients: [StoredClientTests.withRefresh])
        let store = try #require(server.countingStore)
        let first = try #require(await server.token()["refresh_token"])
        for reads in [2, 1] { #expect(try await resolve(first, server, store) == (true, reads)) }
        let second = try #require(await server.refresh(first)["refresh_token"])
        #expect(try await resolve(first, server, store) == (false, 1))
        #expect(try await resolve(second, server, store) == (true, 1))
        await server.revoke(second)
        #expect(try await resolve(second, server, store) == (false, 1))
    }

    @Test("what decides on a token may change: then one more read decides, and the next time one is enough")
    func changed() async throws {
        let (server, store) = try await server()
        let token = try #require(await server.token()["access_token"])
        for reads in [2, 1] { #expect(try await resolve(token, server, store) == (true, reads)) }
        server.core.install(try await server.generation(Plugins.all, clients: []))
        // The client is no longer declared, so its record counts, and there is none.
        for reads in [2, 1] { #expect(try await resolve(token, server, store) == (false, reads)) }
    }

    @Test(
        "a resolver that reads more or writes gets what is in the store, and what it ends has ended",
        arguments: [
            ("busy", true), ("busy, and reads more", true), ("busy, and writes", true), ("busy, and revokes", false),
        ])
    func busy(_ value: String, _ isValid: Bool) async throws {
        let (server, store) = try await server()
        let record = StoreRecord(BusyResolver.collection.key("token"), [:], expiresAt: server.clock.now + .seconds(600))
        _ = try await server.core.store.write([.create(record)])
        for _ in 0..<2 { #expect(try await resolve("busy", server, store).0) }
        #expect(try await resolve(value, server, store).0 == isValid)
    }

    @Test("values that are no tokens take one read, and are not remembered")
    func unknown() async throws {
        let (server, store) = try await server()
        let token = try #require(await server.token()["access_token"])
        let other = String(token.dropLast(4)) + "AAAA"
        for _ in 0..<3 { #expect(try await resolve(other, server, store) == (false, 1)) }
    }

    @Test("many tokens at once get the answers of their own, also when there are more than are remembered")
    func many() async throws {
        let (server, _) = try await server()
        var all: [String] = []
        for _ in 0..<2000 { all.append(try #require(await server.token()["access_token"])) }
        let tokens = all
        for token in tokens.enumerated().filter({ $0.offset % 3 == 0 }) { await server.revoke(token.element) }
        for _ in 0..<2 {
            await withTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        for number in tokens.indices where number % 8 == part {
                            #expect(await server.isActive(tokens[number]) == (number % 3 != 0))
                        }
                    }
                }
            }
        }
    }
}

extension StoredClientTests {
    /// A client that gets refresh tokens.
    fileprivate static let withRefresh: JSON = {
        var client = TestServer.service
        client["auth"] = ["client_credentials": ["refresh_token": true]]
        return client
    }()
}
