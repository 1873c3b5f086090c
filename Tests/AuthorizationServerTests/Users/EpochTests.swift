// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// Grants access to the user named in the request, in place of a sign-in.
private struct NamedGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "named", summary: "", specification: "")
    let declaration = GrantDeclaration("named", client: .confidential)
    let parameters = [ParameterDeclaration("person", required: true), ParameterDeclaration("stale")]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) { self.host = host }

    func register(in registry: inout Registry) { registry.add(grant: self) }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let id = try request.parameters.required("person")
        var authorization = Authorization(subject: .user(id), limits: request.allowed)
        if request.parameters["stale"] != nil, let user = try await host.users.find(id) {
            authorization = Authorization(
                user: User(id: id, isActive: true, document: [:], epoch: user.epoch + 1), limits: request.allowed)
        }
        return authorization
    }
}

extension TestServer {
    fileprivate func generation(_ users: [JSON], _ format: String) async throws -> Generation {
        try await generation(EpochTests.plugins, clients: [EpochTests.client], users: users, format: format)
    }

    /// Installs a configuration with other users, as after a SIGHUP.
    fileprivate func reload(_ users: [JSON], _ format: String = "opaque") async throws {
        core.install(try await generation(users, format))
        try await core.recordUsers()
    }
}

@Suite("Grants end with a user's epoch", .timeLimit(.minutes(10)))
struct EpochTests {
    static let client: JSON = [
        "id": "service", "secret": "s3cret of the service", "grant_types": ["named", "refresh_token"],
        "scope": ["read"],
        "auth": ["named": ["refresh_token": true]],
    ]
    static let plugins = Plugins.all + [PluginSetup(NamedGrant.self)]
    static let formats = ["opaque", "jwt"]

    private func issue(_ server: TestServer, _ id: String = "ann", _ more: [(String, String)] = []) async -> Answer {
        await server.post(
            "/auth/token", [("grant_type", "named"), ("person", id)] + more, as: ("service", TestServer.serviceSecret))
    }

    /// Issues tokens, makes a change, and checks which tokens are still valid.
    private func tokens(
        of id: String, _ server: TestServer, _ body: () async throws -> Void
    ) async throws -> (access: Bool, refresh: Answer) {
        let issued = await issue(server, id)
        let (access, refresh) = try (#require(issued["access_token"]), #require(issued["refresh_token"]))
        #expect(await server.isActive(access))
        #expect(await server.isActive(refresh))
        try await body()
        let isActive = await server.isActive(access)
        #expect(await server.isActive(refresh) == isActive)
        return (isActive, await server.refresh(refresh))
    }

    private func stored(_ format: String) async throws -> TestServer {
        let server = try await TestServer(EpochTests.plugins, clients: [EpochTests.client], format: format)
        try await server.add(People.ann)
        return server
    }

    @Test("a new password ends the tokens of a stored user at once", arguments: formats)
    func password(_ format: String) async throws {
        let server = try await stored(format)
        let left = try await tokens(of: "ann", server) {
            try await server.stored.set(password: Secret("another horse"), of: "ann")
        }
        #expect(!left.access && left.refresh.error == "invalid_grant")
        #expect(try await server.signIn("ann", "correct horse") == nil)
        #expect(try await server.signIn("ann", "another horse") != nil)
        #expect(await issue(server).status == 200, "what is granted from then on is good")
    }

    @Test("disabling a user ends them, and enabling brings nothing back", arguments: formats)
    func inactive(_ format: String) async throws {
        let server = try await stored(format)
        let left = try await tokens(of: "ann", server) { try await server.stored.set(active: false, of: "ann") }
        #expect(!left.access && left.refresh.error == "invalid_grant")
        #expect(await issue(server).error == "invalid_grant", "nothing is granted to who is inactive")
        let again = try await tokens(of: "bea", bea(server)) {
            try await server.stored.set(active: false, of: "bea")
            try await server.stored.set(active: true, of: "bea")
        }
        #expect(!again.access && again.refresh.error == "invalid_grant")
        #expect(try await server.signIn("bea", "correct horse") != nil)
    }

    private func bea(_ server: TestServer) async throws -> TestServer {
        try await server.add(["id": "bea", "password": "correct horse"])
        return server
    }

    @Test(
        "removing a user ends them, and creating a user with the same id brings nothing back", arguments: formats)
    func removed(_ format: String) async throws {
        let server = try await stored(format)
        let left = try await tokens(of: "ann", server) { _ = try await server.stored.delete("ann", if: .any) }
        #expect(!left.access && left.refresh.error == "invalid_grant")
        let again = try await tokens(of: "bea", bea(server)) {
            _ = try await server.stored.delete("bea", if: .any)
            _ = try await bea(server)
        }
        #expect(!again.access && again.refresh.error == "invalid_grant")
    }

    @Test("a write without a change ends nothing", arguments: formats)
    func unchanged(_ format: String) async throws {
        let server = try await stored(format)
        let left = try await tokens(of: "ann", server) {
            try await server.stored.set(active: true, of: "ann")
            #expect(try await server.signIn("ann", "correct horse") != nil)
        }
        #expect(left.access && left.refresh.status == 200)
    }

    /// Changes of a declared user in a reload, and whether tokens stay valid.
    static let reloads: [(what: String, users: [JSON], isLive: Bool)] = [
        ("the same", [People.ann], true), ("another password", [with("password", "another horse")], false),
        ("no password", [with("password", nil)], false),
        ("a hash for the password", [with("password", .string(People.bcrypt))], false),
        ("inactive", [with("inactive", true)], false), ("gone", [], false),
        ("another address", [with("email", "a@example.com")], true),
    ]

    static func with(_ member: String, _ value: JSON?) -> JSON {
        var user = People.ann
        user[member] = value
        return user
    }

    @Test("a declared user's tokens end with a new password and when the user is inactive", arguments: reloads, formats)
    func declared(_ reload: (what: String, users: [JSON], isLive: Bool), _ format: String) async throws {
        let server = try await TestServer(
            EpochTests.plugins, clients: [EpochTests.client], users: [People.ann], format: format)
        let next = try await server.generation(
            EpochTests.plugins, clients: [EpochTests.client], users: reload.users, format: format)
        let left = try await tokens(of: "ann", server) {
            // The plugins of the first server hold its store.
            server.core.install(next)
        }
        #expect(left.access == reload.isLive, "\(reload.what)")
        #expect((left.refresh.status == 200) == reload.isLive, "\(reload.what): \(left.refresh.json.text)")
    }

    /// Temporary changes of the configuration, after which the first one is restored.
    static let detours: [(what: String, users: [JSON])] = [
        ("inactive", [with("inactive", true)]), ("gone", []), ("another password", [with("password", "another horse")]),
        ("no password", [with("password", nil)]), ("a hash", [with("password", .string(People.bcrypt))]),
    ]

    @Test("a declared user's ended tokens stay ended when the configuration is restored", arguments: detours, formats)
    func comesBack(_ detour: (what: String, users: [JSON]), _ format: String) async throws {
        let server = try await TestServer(
            EpochTests.plugins, clients: [EpochTests.client], users: [People.ann], format: format)
        try await server.core.recordUsers()
        for _ in 0..<2 {
            let left = try await tokens(of: "ann", server) {
                try await server.reload(detour.users, format)
                try await server.reload([People.ann], format)
            }
            #expect(!left.access && left.refresh.error == "invalid_grant", "\(detour.what)")
            #expect(try await server.signIn("ann", "correct horse") != nil)
        }
    }

    @Test("tokens from after a change, even before it is recorded, are valid; tokens from before it are not")
    func unrecorded() async throws {
        let server = try await TestServer(EpochTests.plugins, clients: [EpochTests.client], users: [People.ann])
        try await server.core.recordUsers()
        let old = try #require(await issue(server)["access_token"])
        server.core.install(try await server.generation([EpochTests.with("password", "another horse")], "opaque"))
        let left = try await tokens(of: "ann", server) {
            #expect(await !server.isActive(old))
            try await server.core.recordUsers()
            #expect(await !server.isActive(old))
        }
        #expect(left.access && left.refresh.status == 200)
    }

    @Test("a change of declared users is written once, and unchanged users are not written")
    func recorded() async throws {
        let users: [JSON] = [
            People.ann, ["id": "bob", "password": .string(People.bcrypt)], ["id": "eve", "inactive": true],
        ]
        let server = try await TestServer(
            [.init(CountingStore.self)] + EpochTests.plugins.dropFirst(), clients: [EpochTests.client], users: users)
        let store = try #require(server.countingStore)
        try await server.core.recordUsers()
        let before = store.writes
        try await server.reload(users)
        #expect(try await server.core.users.find("ann") != nil)
        #expect(store.writes == before)
        try await server.reload([EpochTests.with("password", "another horse")] + users.dropFirst())
        #expect(store.writes == before + 1)
        try await server.reload([])
        try await server.reload([])
        #expect(store.writes == before + 4)
        store.fail(true)
        await #expect(throws: StoreError.self) { try await server.reload(users) }
    }

    @Test("if many servers see a change at once, one records it")
    func recordedByMany() async throws {
        let server = try await TestServer(users: [People.ann])
        try await server.core.recordUsers()
        try await server.reload([EpochTests.with("inactive", true)])
        server.core.install(try await server.generation([People.ann], "opaque"))
        let epoch = try await server.core.users.find("ann")?.epoch
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 { group.addTask { try await server.core.recordUsers() } }
            try await group.waitForAll()
        }
        #expect(try await server.core.users.find("ann")?.epoch == epoch)
    }

    @Test("recording computes the slow hash of a plain password, and nothing for an inactive user")
    func recordingHashes() async throws {
        let server = try await TestServer(
            users: [People.ann, ["id": "eve", "password": "correct horse", "inactive": true]])
        try await server.core.recordUsers()
        #expect(server.passwords.slowHashes == 1)
        #expect(try await server.core.users.find("ann") != nil)
        #expect(try await server.core.users.find("eve")?.isActive == false)
        #expect(server.passwords.slowHashes == 1)
    }

    @Test("a declared user's epoch is the same in another process on the store, and reveals nothing of the password")
    func stable() async throws {
        let server = try await TestServer(users: [People.ann])
        let epoch = try #require(try await server.core.users.find("ann")).epoch
        server.core.install(
            try await server.generation(Plugins.all, clients: [TestServer.service], users: [People.ann]))
        #expect(try await server.core.users.find("ann")?.epoch == epoch)
        let other = try await TestServer(users: [People.ann])
        #expect(try await other.core.users.find("ann")?.epoch != epoch, "it is keyed by the store")
        #expect(0...(1 << 52) ~= epoch)
    }

    @Test("the slow hash of a declared password is computed once for simultaneous requests")
    func once() async throws {
        let server = try await TestServer(users: [People.ann])
        try await withThrowingTaskGroup(of: Int64?.self) { group in
            for _ in 0..<64 { group.addTask { try await server.core.users.find("ann")?.epoch } }
            let epochs = try await group.reduce(into: Set<Int64?>()) { $0.insert($1) }
            #expect(epochs.count == 1)
        }
        #expect(server.passwords.slowHashes == 1)
        #expect(try await server.signIn("ann", "correct horse") != nil)
        #expect(try await server.signIn("ann", "wrong horse") == nil)
        #expect(server.passwords.slowHashes == 3)
    }

    @Test("a code from another epoch is not redeemed")
    func stale() async throws {
        let server = try await stored("opaque")
        #expect(await issue(server, "ann", [("stale", "1")]).error == "invalid_grant")
        #expect(await issue(server).status == 200)
    }

    @Test("a subject unknown to the directory belongs to its grant, until the directory knows it")
    func foreign() async throws {
        let server = try await stored("opaque")
        let left = try await tokens(of: "guest", server) {}
        #expect(left.access && left.refresh.status == 200)
        let taken = try await tokens(of: "eve", server) { try await server.add(["id": "eve"]) }
        #expect(!taken.access && taken.refresh.error == "invalid_grant")
    }

    @Test("a user who is created again does not own earlier grants")
    func anew() async throws {
        var epochs: Set<Int64> = []
        for _ in 0..<8 {
            let server = try await stored("opaque")
            epochs.insert(try #require(try await server.core.users.find("ann")).epoch)
        }
        #expect(epochs.count == 8)
    }

    @Test(
        "introspection reads the user together with the tombstones: nothing for a JWT, one read for a reference token",
        arguments: [("jwt", 0), ("opaque", 1)])
    func reads(_ format: String, _ expected: Int) async throws {
        let server = try await TestServer(
            [.init(CountingStore.self)] + EpochTests.plugins.dropFirst(), clients: [EpochTests.client],
            users: [["id": "bob", "password": "correct horse"]], format: format)
        let store = try #require(server.countingStore)
        try await server.add(People.ann)
        for id in ["ann", "bob"] {
            let token = try #require(await issue(server, id)["access_token"])
            #expect(await server.isActive(token))
            let before = store.reads
            #expect(await server.isActive(token))
            #expect(store.reads - before == expected, "\(id)")
        }
    }
}
