// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
@_spi(Host) import Support
import Synchronization
import Testing

/// A plugin that alone can check its client attributes, like one in another process.
private struct Painting: Plugin, AttributeCheck {
    static let manifest = PluginManifest(id: "painting", summary: "", specification: "")
    static let attributes = [AttributeLevel.client, .everyGrant, .grant("client_credentials")].enumerated().map {
        AttributeDeclaration(
            ["color", "frame", "canvas"][$0], at: $1, .custom, expectation: "a color", fallback: "blue", "")
    }
    static var setup: PluginSetup {
        var setup = PluginSetup(Painting.self)
        setup.attributes = attributes
        return setup
    }

    @TaskLocal static var run = Run()

    /// What one test sees and decides.
    final class Run: Sendable {
        let isAway = Mutex(false)
        let isSilent = Mutex(false)
        let asked = Mutex<[AttributeValue]>([])
        /// What the plugin waits for before it says something.
        let pause = Mutex<@Sendable () async throws -> Void>({})
    }

    private let run: Run

    init(settings: Settings, host: any PluginHost) {
        run = Painting.run
    }

    func register(in registry: inout Registry) {
        registry.attributeCheck = self
    }

    func problems(with values: [AttributeValue]) async throws -> [String?] {
        if run.isAway.withLock({ $0 }) { throw StoreError("away") }
        run.asked.withLock { $0 += values }
        try await run.pause.withLock { $0 }()
        if run.isSilent.withLock({ $0 }) { return [] }
        return values.map { $0.value == "blue" ? nil : "must be blue and not \($0.value.text)" }
    }
}

/// A plugin that declares attributes of others.
private struct Copying: Plugin, AttributeCheck {
    static let manifest = PluginManifest(id: "copying", summary: "", specification: "")

    private let run: Painting.Run

    init(settings: Settings, host: any PluginHost) {
        run = Painting.run
    }

    func register(in registry: inout Registry) {
        registry.attributeCheck = self
    }

    func problems(with values: [AttributeValue]) async throws -> [String?] {
        run.asked.withLock { $0 += values }
        return values.map { _ in nil }
    }
}

@Suite("Values of client attributes that only a plugin can check", .timeLimit(.minutes(10)))
struct AttributeCheckTests {
    private static let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst() + [Painting.setup]

    private static func client(_ changes: JSON = [:]) -> JSON {
        let client: JSON = [
            "id": "c", "secret": "s3cret of the client", "grant_types": "client_credentials", "scope": ["read"],
            "color": "blue",
        ]
        return client.changed(by: changes)
    }

    private static func token(_ server: TestServer, _ id: String, _ secret: String) async -> Answer {
        await server.post("/auth/token", [("grant_type", "client_credentials")], as: (id, secret))
    }

    @Test(
        "are reported where they are",
        arguments: [
            ("red", ["color": "red"], "color"), ("5", ["auth": ["client_credentials": ["frame": 5]]], "frame"),
            ("[]", ["auth": ["client_credentials": ["canvas": []]]], "canvas"),
        ] as [(String, JSON, String)])
    func declared(_ shown: String, _ changes: JSON, _ name: String) async throws {
        let server = try await TestServer(Self.plugins, clients: [Self.client()])
        #expect(await Self.token(server, "c", "s3cret of the client").status == 200)
        let problems = try await server.problems(Self.plugins, clients: [Self.client(), Self.client(changes)])
        let problem = try #require(problems.first { $0.severity == .error })
        let text = shown == "red" ? "\"red\"" : shown
        #expect(problem.message == "'\(name)' must be blue and not \(text)")
        #expect(problem.path.last == .key(name) && problem.path.starts(with: [.key("clients"), .element(1)]))
    }

    @Test("are a problem of the configuration while the plugin cannot be asked, and none if there are no values")
    func away() async throws {
        let run = Painting.Run()
        try await Painting.$run.withValue(run) {
            let server = try await TestServer(Self.plugins)
            run.isAway.withLock { $0 = true }
            let problems = try await server.problems(Self.plugins, clients: [Self.client()])
            #expect(problems.map(\.message).contains { $0.contains("'painting' could not check its attributes") })
            let others = try await server.problems(Self.plugins, clients: [Self.client(["color": .null])])
            #expect(!others.contains { $0.severity == .error }, "\(others.map(\.message))")
        }
    }

    @Test("are refused if the plugin says nothing about them")
    func silent() async throws {
        let run = Painting.Run()
        try await Painting.$run.withValue(run) {
            let server = try await TestServer(Self.plugins)
            run.isSilent.withLock { $0 = true }
            let problems = try await server.problems(Self.plugins, clients: [Self.client()])
            #expect(problems.map(\.message).contains("'color' was not checked by its plugin"))
        }
    }

    @Test(
        "are shown to no plugin while one declares an attribute of the core or of another plugin",
        arguments: [("secret", "which belongs to the core"), ("color", "which plugin 'painting' adds too")])
    func taken(_ name: String, _ whose: String) async throws {
        let run = Painting.Run()
        try await Painting.$run.withValue(run) {
            let server = try await TestServer(Self.plugins)
            var copying = PluginSetup(Copying.self)
            copying.attributes = [
                AttributeDeclaration(name, at: .client, .custom, expectation: "a string", fallback: "", "")
            ]
            let problems = try await server.problems(Self.plugins + [copying], clients: [Self.client()])
            let message = "plugin 'copying' adds the attribute '\(name)' of clients, \(whose)"
            #expect(problems.map(\.message).contains(message), "\(problems.map(\.message))")
            #expect(run.asked.withLock { $0 }.isEmpty)
        }
    }

    /// Creates the client `s` in the store.
    ///
    /// - Returns: Its secret.
    private static func store(on server: TestServer) async throws -> String {
        let sent: JSON = ["id": "s", "grant_types": "client_credentials", "scope": ["read"], "color": "blue"]
        return try #require(try await server.storedClients.create(sent).secret).exposed
    }

    @Test("are asked about once by a thousand requests at once, and all of them see that this fails")
    func atOnce() async throws {
        let run = Painting.Run()
        try await Painting.$run.withValue(run) {
            let server = try await TestServer(Self.plugins)
            let (secret, store) = (try await Self.store(on: server), try #require(server.countingStore))
            for isAway in [true, false] {
                run.asked.withLock { $0 = [] }
                let most = store.reads + 1000
                run.pause.withLock {
                    $0 = {
                        try await Patience.wait { store.reads >= most }
                        if isAway { throw StoreError("away") }
                    }
                }
                let statuses = await withTaskGroup(of: Int.self) { group in
                    for _ in 0..<1000 { group.addTask { await Self.token(server, "s", secret).status } }
                    return await group.reduce(into: Set<Int>()) { $0.insert($1) }
                }
                #expect(statuses == [isAway ? 503 : 200])
                // A request that arrives after a failure asks again.
                if !isAway { #expect(run.asked.withLock { $0.count } == 1) }
            }
        }
    }

    @Test("are asked about by a request that is cancelled, and then others still get the client")
    func cancelled() async throws {
        let run = Painting.Run()
        try await Painting.$run.withValue(run) {
            let server = try await TestServer(Self.plugins)
            let (secret, store) = (try await Self.store(on: server), try #require(server.countingStore))
            run.asked.withLock { $0 = [] }
            let both = store.reads + 2
            run.pause.withLock { $0 = { try await Patience.wait { store.reads >= both } } }
            let first = Task { await Self.token(server, "s", secret) }
            try await Patience.wait { run.asked.withLock { !$0.isEmpty } }
            first.cancel()
            #expect(await Self.token(server, "s", secret).status == 200)
            #expect(run.asked.withLock { $0.count } == 1)
            _ = await first.value
        }
    }

    @Test("are asked about once for each version of a stored client, which cannot be used while that fails")
    func stored() async throws {
        let run = Painting.Run()
        try await Painting.$run.withValue(run) {
            let server = try await TestServer(Self.plugins)
            let refusal = await #expect(throws: DocumentRefusal.self) {
                try await server.storedClients.create(Self.client(["color": "red", "secret": .null]))
            }
            #expect(refusal?.description.contains("must be blue") == true, "\(refusal?.description ?? "")")
            let sent: JSON = ["id": "s", "grant_types": "client_credentials", "scope": ["read"], "color": "blue"]
            let secret = try #require(try await server.storedClients.create(sent).secret).exposed
            run.isAway.withLock { $0 = true }
            let answer = await Self.token(server, "s", secret)
            #expect(answer.status == 503 && answer.error == "temporarily_unavailable", "\(answer.json)")
            await #expect(throws: StoreError.self) { try await server.storedClients.create(Self.client()) }
            run.isAway.withLock { $0 = false }
            run.asked.withLock { $0 = [] }
            for _ in 0..<3 { #expect(await Self.token(server, "s", secret).status == 200) }
            #expect(run.asked.withLock { $0 } == [AttributeValue("color", at: .client, "blue")])
        }
    }

    @Test("are refused with the client when the plugin has changed its mind")
    func changed() async throws {
        let server = try await TestServer(Self.plugins)
        let secret = try #require(
            try await server.storedClients.create(
                ["id": "s", "grant_types": "client_credentials", "scope": ["read"], "color": "blue"]
            ).secret
        ).exposed
        let record = try #require(try await server.core.store.read(StoreKey("client", "s")))
        let value = try JSON(parsing: record.value.text.replacing("blue", with: "pink"))
        let changed = StoreRecord(record.key, value, expiresAt: record.expiresAt, indexes: record.indexes)
        _ = try await server.core.store.write([.replace(changed, ifVersion: record.version)])
        let answer = await Self.token(server, "s", secret)
        #expect(answer.error == "unauthorized_client", "\(answer.json)")
        #expect(server.log.lines.contains { $0.contains("must be blue and not \"pink\"") })
    }
}
