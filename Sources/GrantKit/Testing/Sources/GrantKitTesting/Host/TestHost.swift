// SPDX-License-Identifier: Apache-2.0

public import GrantKit
public import MemoryRecords

/// A host for tests of plugins: a store in memory, a clock that the test moves, and a record of everything else.
///
/// ```swift
/// let host = TestHost()
/// let plugin = try await host.load(VoucherGrant.self, settings: ["series": "spring"])
/// let token = try await plugin.token("urn:example:voucher", ["voucher": "spring-1"])
/// ```
public struct TestHost: Sendable {
    /// The issuer identifier.
    public let issuer: String
    /// The clock, which only the test moves.
    public let clock: TestClock
    /// The store, which the test can let fail.
    public let store: TestStore
    /// The records of the store.
    public let records: any Store
    /// The clients.
    public let clients: TestClients
    /// The users.
    public let users: TestUsers
    /// The sessions.
    public let sessions: TestSessions
    /// The consents.
    public let consents: TestConsents
    /// The tokens.
    public let tokens: TestTokens
    /// The issuers that plugins trust.
    public let issuers: TestIssuers
    /// The queue of jobs.
    public let jobs: TestJobs
    /// The other servers.
    public let network: TestNetwork
    /// The counts of guesses.
    public let attempts: TestAttempts
    /// The events that the plugin has recorded.
    public let events: TestEvents
    /// The lines that the plugin has logged.
    public let log: TestLog
    let access: TestAccess
    let keys: TestKeys
    let random: TestRandom

    /// Makes a host without clients and users.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier.
    ///   - seed: Decides the random bytes, which are the same in each run.
    ///   - records: The records of its store; by default in memory.
    public init(
        issuer: String = "https://id.example.com", seed: UInt64 = 1, records: any Store = MemoryRecords()
    ) {
        self.issuer = issuer
        self.records = records
        clock = TestClock()
        random = TestRandom(seed: seed)
        keys = TestKeys(random: random)
        store = TestStore(records, clock: clock)
        users = TestUsers(TestDocuments())
        clients = TestClients(TestDocuments())
        sessions = TestSessions(records, clock: clock)
        consents = TestConsents()
        tokens = TestTokens(records, store, clock: clock)
        issuers = TestIssuers()
        jobs = TestJobs(records, random: random, clock: clock)
        network = TestNetwork()
        attempts = TestAttempts()
        events = TestEvents()
        log = TestLog()
        access = TestAccess(users)
    }

    /// What a plugin gets as its host.
    public var lent: any PluginHost { LentTestHost(host: self) }

    /// Makes a plugin, lets it register and starts it, as a server does.
    ///
    /// - Parameters:
    ///   - type: The plugin's type.
    ///   - settings: Its section of the configuration.
    /// - Returns: The plugin, which is ready for requests.
    /// - Throws: `ConfigurationError` if settings are refused, and what the plugin throws.
    public func load(_ type: any Plugin.Type, settings: JSON = [:]) async throws -> TestPlugin {
        try await load(type.manifest, settings: settings) { try type.init(settings: $0, host: $1) }
    }

    func load(
        _ manifest: PluginManifest, settings: JSON, _ make: (Settings, any PluginHost) throws -> any Plugin
    ) async throws -> TestPlugin {
        let plugin = try await prepare(manifest, settings: settings, make)
        try await plugin.plugin.start()
        return plugin
    }

    /// Makes a plugin and lets it register, but does not start it.
    func prepare(
        _ manifest: PluginManifest, settings: JSON, _ make: (Settings, any PluginHost) throws -> any Plugin
    ) async throws -> TestPlugin {
        let given = TestSettings(settings)
        let plugin = try make(given.settings, lent)
        if let problem = given.problems.first { throw ConfigurationError(problem) }
        let registry = try TestRegistry(plugin)
        try await store.declare(registry.collections + TestHost.collections)
        tokens.use(registry.resolvers, registry.revocationParticipants)
        access.use(registry.claimsSources)
        for issuer in registry.issuers { issuers.add(issuer) }
        return TestPlugin(plugin: plugin, manifest: manifest, registry: registry, host: self)
    }

    /// The collections of the host's own services.
    private static let collections = [
        TestJobs.collection, TestTokens.collection, TestApproval.collection, TestForeignKeys.collection,
    ].map { StoreCollection($0) }
}

/// The services of a test's host as a plugin sees them.
private struct LentTestHost: PluginHost {
    let host: TestHost

    var issuer: String { host.issuer }
    var store: any StoreService { host.store }
    var clients: any ClientDirectory { host.clients }
    var users: any UserDirectory { host.users }
    var keys: any KeyRing { host.keys }
    var foreignKeys: any ForeignKeyService { TestForeignKeys(host: host) }
    var cryptography: any CryptographyService { TestCryptography() }
    var tokens: any TokenService { host.tokens }
    var access: any AccessService { host.access }
    var sessions: any SessionDirectory { host.sessions }
    var consents: any ConsentDirectory { host.consents }
    var attempts: any AttemptService { host.attempts }
    var jobs: any JobService { host.jobs }
    var outbound: any OutboundHTTP { host.network }
    var events: any EventService { host.events }
    var log: any LogService { host.log }
    var now: Timestamp { host.clock.now }

    func address(of route: Route) -> String {
        switch route.base {
        case .endpoints: host.issuer + "/auth" + route.path
        case .issuer: host.issuer + route.path
        case .wellKnown: host.issuer + "/.well-known" + route.path
        @unknown default: host.issuer + route.path
        }
    }

    func random(bytes count: Int) -> String { Base64.encode(host.random.bytes(count)) }
}
