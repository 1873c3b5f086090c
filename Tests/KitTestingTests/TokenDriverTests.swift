// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting
import Testing

/// Gives claims, one of them twice and one undeclared, and takes part in revocations.
private struct Telling: Plugin, ClaimsSource, RevocationParticipant {
    static let manifest = PluginManifest(id: "telling", summary: "", specification: "")
    let claims = ["tier", "who"]
    let destinations: Set<ClaimsDestination> = [.identityToken, .accessToken]
    private let host: any PluginHost
    private let mistake: String

    init(settings: Settings, host: any PluginHost) {
        self.host = host
        mistake = settings.read("mistake", default: "", "what the participant does wrong")
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("told"))
        registry.add(claims: self)
        registry.add(revocation: self)
    }

    func claims(for request: ClaimsRequest) async throws -> [JSON.Member] {
        [
            .init("tier", "gold"), .init("who", .string(request.user?.id ?? "nobody")), .init("tier", "silver"),
            .init("undeclared", true),
        ]
    }

    func writes(revoking what: Revocation) async throws -> [StoreWrite] {
        switch mistake {
        case "conflict": [.redeem(StoreKey("told", "missing"))]
        case "undeclared": [.delete(StoreKey("other", "1"))]
        case "refuse": throw OAuthError(.accessDenied, "no")
        case "store": throw StoreError("a test")
        default: [.create(StoreRecord(StoreKey("told", "1"), [:], expiresAt: host.now + .seconds(60)))]
        }
    }
}

@Suite("A test host collects claims and revokes as a server does", .timeLimit(.minutes(10)))
struct TokenDriverTests {
    private let client = Client.test(id: "client-1", scope: ["read"])

    private func authorization(_ subject: Subject) -> Authorization {
        Authorization(subject: subject, limits: AccessLimits(scope: ["read"]))
    }

    @Test("claims are declared and come once, and those of an ID token are about a user")
    func claims() async throws {
        let host = TestHost()
        host.users.add(User(id: "ann", isActive: true, document: [:]))
        host.users.add(User(id: "bob", isActive: false, document: [:]))
        let plugin = try await host.load(Telling.self)
        let ann = try await plugin.claims(to: .identityToken, for: authorization(.user("ann")), client: client)
        #expect(ann == ["tier": "gold", "who": "ann"])
        let itself = authorization(.client("client-1"))
        #expect(try await plugin.claims(to: .identityToken, for: itself, client: client) == [:])
        let own = try await plugin.claims(to: .accessToken, for: itself, client: client)
        #expect(own == ["tier": "gold", "who": "nobody"])
        let guest = try await plugin.claims(to: .accessToken, for: authorization(.user("guest")), client: client)
        #expect(guest["who"] == "nobody")
        #expect(try await plugin.claims(to: .userinfo, for: authorization(.user("ann")), client: client) == [:])
        for (id, destination) in [("guest", ClaimsDestination.identityToken), ("bob", .accessToken)] {
            let error = await #expect(throws: OAuthError.self) {
                _ = try await plugin.claims(to: destination, for: authorization(.user(id)), client: client)
            }
            #expect(error?.code == .invalidToken)
        }
    }

    @Test(
        "a participant's mistake does not keep alive what is revoked", arguments: ["conflict", "undeclared", "refuse"])
    func mistakes(_ mistake: String) async throws {
        let host = TestHost()
        let plugin = try await host.load(Telling.self, settings: ["mistake": .string(mistake)])
        await #expect(throws: HostRefusal.self) { try await plugin.revoke(.grant("grant-1")) }
        #expect(try await host.records.read([StoreKey("revoked", "grant-1")]).first.flatMap { $0 } != nil)
    }

    @Test("but if the store fails, nothing is revoked")
    func storeFails() async throws {
        let host = TestHost()
        let plugin = try await host.load(Telling.self, settings: ["mistake": "store"])
        await #expect(throws: StoreError.self) { try await plugin.revoke(.grant("grant-1")) }
        #expect(try await host.records.read([StoreKey("revoked", "grant-1")]).first.flatMap { $0 } == nil)
    }

    @Test("and a sound participant's writes are committed once")
    func sound() async throws {
        let host = TestHost()
        let plugin = try await host.load(Telling.self)
        for _ in 1...2 { try await plugin.revoke(.grant("grant-1")) }
        #expect(try await host.records.read([StoreKey("told", "1")]).first.flatMap { $0 } != nil)
        await #expect(throws: HostRefusal.self) { try await plugin.revoke(.grant("grant-2")) }
    }
}
