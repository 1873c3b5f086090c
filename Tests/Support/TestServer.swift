// SPDX-License-Identifier: Apache-2.0

import AdminAPI
import AuditLog
import AuthorizationCode
public import AuthorizationServer
import ClientAssertion
import ClientCredentials
public import Cryptography
import DeviceAuthorization
@_spi(Host) public import GrantKit
import Implicit
import Introspection
import JWTBearer
import JWTToken
import Logging
import Logout
import MemoryStore
import OpaqueToken
import OpenID
import Password
import PasswordLogin
import RefreshToken
import SQLiteStore
import ServerConfiguration
import ServerHTTP
import SessionsAPI
import Synchronization
import TokenExchange
import TokenRevocation
import Webhooks

#if POSTGRESQL
import PostgreSQLStore
#endif

/// The plugins in this repository, linked instead of loaded.
public enum Plugins {
    public static let adminAPI = type(adminAPIPluginMake)
    public static let auditLog = type(auditLogPluginMake)
    public static let authorizationCode = type(authorizationCodePluginMake)
    public static let clientAssertion = type(clientAssertionPluginMake)
    public static let clientCredentials = type(clientCredentialsPluginMake)
    public static let deviceAuthorization = type(deviceAuthorizationPluginMake)
    public static let implicit = type(implicitPluginMake)
    public static let introspection = type(introspectionPluginMake)
    public static let jwtBearer = type(jwtBearerPluginMake)
    public static let jwtToken = type(jwtTokenPluginMake)
    public static let logout = type(logoutPluginMake)
    public static let memoryStore = type(memoryStorePluginMake)
    public static let opaqueToken = type(opaqueTokenPluginMake)
    public static let openID = type(openidPluginMake)
    public static let password = type(passwordPluginMake)
    public static let passwordLogin = type(passwordLoginPluginMake)
    public static let refreshToken = type(refreshTokenPluginMake)
    public static let revocation = type(revocationPluginMake)
    public static let sessionsAPI = type(sessionsAPIPluginMake)
    public static let sqliteStore = type(sqliteStorePluginMake)
    public static let tokenExchange = type(tokenExchangePluginMake)
    public static let webhooks = type(webhooksPluginMake)

    /// All plugins; a test compares this list with that in Package.swift.
    public static let types: [any Plugin.Type] =
        [
            adminAPI, auditLog, authorizationCode, clientAssertion, clientCredentials, deviceAuthorization, implicit,
            introspection, jwtBearer, jwtToken, logout, memoryStore, opaqueToken, openID, password, passwordLogin,
            refreshToken, revocation, sessionsAPI, sqliteStore, tokenExchange, webhooks,
        ] + withLibpq

    #if POSTGRESQL
    public static let postgresStore = type(postgresStorePluginMake)
    /// The plugins that are built only where libpq is.
    private static let withLibpq = [postgresStore]
    #else
    private static let withLibpq: [any Plugin.Type] = []
    #endif

    public static let all: [PluginSetup] = [
        .init(memoryStore), .init(opaqueToken), .init(jwtToken), .init(clientCredentials), .init(refreshToken),
        .init(introspection), .init(authorizationCode), .init(passwordLogin), .init(openID, ["algorithms": ["ES256"]]),
        .init(revocation), .init(logout, ["algorithm": "ES256", "delivery_wait": "0s"]), .init(sessionsAPI),
    ]

    /// All plugins, including the discouraged grants.
    public static let discouraged = all + [.init(implicit), .init(password)]

    public static func type(_ make: () -> UnsafeMutableRawPointer) -> any Plugin.Type {
        IsolatedLibraries.replacing(PluginExport.take(make()).type)
    }
}

public struct PluginSetup: Sendable {
    public var type: any Plugin.Type
    public var settings: JSON
    /// The threads of a plugin from outside of the server.
    public var threads: PluginThreads?
    /// Client attributes beside those that the plugin declares, as another process would describe them.
    @_spi(Host) public var attributes: [AttributeDeclaration] = []

    public init(_ type: any Plugin.Type, _ settings: JSON = [:], threads: PluginThreads? = nil) {
        self.type = type
        self.settings = settings
        self.threads = threads
    }
}

/// Two clocks that only a test moves.
public final class ManualClock: ServerEnvironment {
    private let seconds = Mutex<Int64>(1_800_000_000)
    private let start = ContinuousClock.now
    private let passed = Mutex(Duration.zero)

    public init() {}

    public var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }
    /// Reads the clock.
    public var read: @Sendable () -> Timestamp { { self.now } }

    public func advance(_ span: Duration) {
        seconds.withLock { $0 += span.components.seconds }
    }

    public var uptime: ContinuousClock.Instant { start + passed.withLock { $0 } }

    /// Moves the clock that nobody sets.
    public func pass(_ span: Duration) {
        passed.withLock { $0 += span }
    }

    public func random(bytes count: Int) -> String {
        Base64URL.encode(Digest.random(count))
    }
}

struct TestSecrets: SecretVerifier {
    private struct Hash: SlowHash {
        let text: String
        func matches(_ secret: Secret, from address: String) async throws -> Bool {
            CountingPasswords.compare(secret, text)
        }
    }

    func keyedDigest(_ secret: Secret) -> Secret {
        Secret(SystemCryptography().digest(secret.exposed))
    }

    func slowHash(_ text: String) -> (any SlowHash)? {
        PasswordHash(text) == nil ? nil : Hash(text: text)
    }
}

/// The real core with real plugins, called like the HTTP layer calls it.
public struct TestServer: Sendable {
    /// Compares client secrets.
    public static let secrets: any SecretVerifier = TestSecrets()

    /// The server's own pages, read once for all tests.
    private static let pages = Result { try Pages() }

    public let core: ServerCore
    public let clock: ManualClock
    public let keys: ServerKeyRing
    public let log: RecordedLog
    public let passwords: CountingPasswords

    public init(
        _ plugins: [PluginSetup] = Plugins.all, clients: [JSON] = [TestServer.service], users: [JSON] = [],
        format: String? = "opaque", passwords: CountingPasswords = CountingPasswords(),
        outbound: any OutboundHTTP = NoOutbound(), issuer: String = "https://id.example.com",
        isDevelopment: Bool = false, clock: ManualClock = ManualClock(), mostRevocations: Int = 2_000_000
    ) async throws {
        self.passwords = passwords
        self.clock = clock
        let log = RecordedLog()
        self.log = log
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .debug
        core = ServerCore(
            issuer: issuer, environment: clock, cryptography: SystemCryptography(),
            secrets: TestSecrets(), passwords: passwords, pages: try TestServer.pages.get(),
            algorithms: SignatureAlgorithm.ownNames, logger: logger, outbound: outbound, isDevelopment: isDevelopment,
            mostRevocations: mostRevocations)
        keys = try await TestServer.open(core, clock, plugins, clients, users, format, passwords)
        await follow()
    }

    /// Makes the memory current, and it stays so until the clock that nobody sets has passed a second.
    public func follow() async {
        let follower = StoreFollower(core)
        for _ in 0..<2 { await follower.step() }
    }

    /// Another node on the same store.
    public init(
        beside node: TestServer, _ plugins: [PluginSetup] = Plugins.all, clients: [JSON], users: [JSON]
    ) async throws {
        (clock, log, passwords) = (node.clock, node.log, node.passwords)
        let log = node.log
        core = ServerCore(
            issuer: node.core.issuer, environment: clock, cryptography: SystemCryptography(), secrets: TestSecrets(),
            passwords: passwords, pages: try TestServer.pages.get(), algorithms: SignatureAlgorithm.ownNames,
            logger: Logger(label: "test") { _ in log }, outbound: NoOutbound())
        let generation = try await TestServer.build(core, plugins, clients, users, "opaque", passwords)
        let needs = KeyNeeds(
            algorithms: generation.capabilities.signingAlgorithms.compactMap(SignatureAlgorithm.init),
            longestToken: generation.longestLifetime)
        keys = try await KeyKeeper(node.core.store, .init(needs: needs), clock: node.clock.read).open(now: core.now)
        core.open(store: CheckedStore(node.core.store, of: "memory-store"), keys: keys, publicJWKS: keys.publicJWKS)
        for plugin in generation.plugins { try await plugin.start() }
        core.install(generation)
    }

    private static func open(
        _ core: ServerCore, _ clock: ManualClock, _ plugins: [PluginSetup], _ clients: [JSON], _ users: [JSON],
        _ format: String?, _ passwords: CountingPasswords
    ) async throws -> ServerKeyRing {
        let generation = try await build(core, plugins, clients, users, format, passwords)
        guard let store = generation.capabilities.store else { throw StoreError("no store") }
        for plugin in generation.plugins where !plugin.registry.stores.isEmpty { try await plugin.start() }
        try await store.prepare(
            ServerCore.collections + [StoredKeys.collection] + generation.capabilities.collections)
        let needs = KeyNeeds(
            algorithms: generation.capabilities.signingAlgorithms.compactMap(SignatureAlgorithm.init),
            longestToken: generation.longestLifetime)
        let keys = try await KeyKeeper(store, .init(needs: needs), clock: clock.read).open(now: core.now)
        core.open(store: store, keys: keys, publicJWKS: keys.publicJWKS)
        for plugin in generation.plugins { try await plugin.start() }
        core.install(generation)
        return keys
    }

    /// A new generation of this core, which a test of reloading installs.
    public func generation(
        _ plugins: [PluginSetup], clients: [JSON], users: [JSON] = [], format: String? = "opaque"
    ) async throws -> Generation {
        try await TestServer.build(core, plugins, clients, users, format, passwords)
    }

    /// Everything that is wrong with clients of this core beside some plugins.
    public func problems(_ plugins: [PluginSetup], clients: [JSON]) async throws -> [ConfigurationProblem] {
        try await TestServer.check(core, plugins, clients, [], "opaque", passwords).problems
    }

    private static func build(
        _ core: ServerCore, _ plugins: [PluginSetup], _ clients: [JSON], _ users: [JSON], _ format: String?,
        _ passwords: CountingPasswords
    ) async throws -> Generation {
        let (generation, problems) = try await check(core, plugins, clients, users, format, passwords)
        guard let generation else { throw ConfigurationError(problems.map(\.message).joined(separator: "; ")) }
        return generation
    }

    private static func check(
        _ core: ServerCore, _ plugins: [PluginSetup], _ clients: [JSON], _ users: [JSON], _ format: String?,
        _ passwords: CountingPasswords
    ) async throws -> (generation: Generation?, problems: [ConfigurationProblem]) {
        let registered = try plugins.map { setup in
            let source = PluginSettings(setup.settings)
            let host = LentHost(core, to: setup.type.manifest.id)
            let plugin = try setup.type.init(settings: Settings(source), host: host)
            var registry = Registry()
            try plugin.register(in: &registry)
            if let threads = setup.threads { registry = threads.forwarding(registry) }
            return RegisteredPlugin(
                plugin, adding: registry, attributes: source.attributes + setup.attributes, host: host,
                threads: setup.threads)
        }
        return await Generation.build(
            ServerSettings(
                issuer: core.issuer, defaultTokenFormat: format, languages: Pages.languages(), clients: clients,
                users: users),
            plugins: registered, secrets: TestSecrets(), passwords: passwords,
            cryptography: SystemCryptography(), pages: core.pages)
    }

    /// A confidential client that may use everything that the plugins offer to it.
    public static let service: JSON = [
        "id": "service", "secret": "s3cret of the service", "grant_types": ["client_credentials", "refresh_token"],
        "scope": ["read", "write"], "allowed_origins": ["https://app.example.com"],
        "auth": ["client_credentials": ["audience": ["https://api.example.com", "#https://[a-z]+\\.example\\.org"]]],
    ]
    public static let serviceSecret = "s3cret of the service"
}

/// A response as a client reads it.
public struct Answer: Sendable {
    public let status: Int
    public let headers: [(name: String, value: String)]
    public let json: JSON
    public let body: [UInt8]

    init(_ response: ServerResponse) {
        status = response.status
        headers = response.headers
        body = response.body
        json = (try? JSON(parsing: response.body)) ?? .null
    }

    public subscript(member: String) -> String? { json[member]?.string }

    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    public var error: String? { self["error"] }
}

extension TestServer {
    /// Sends a form to an endpoint.
    public func post(
        _ path: String, _ form: [(String, String)], as client: (id: String, secret: String)? = nil,
        headers: [(name: String, value: String)] = []
    ) async -> Answer {
        let body = form.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&")
        var headers = headers + [("content-type", "application/x-www-form-urlencoded")]
        if let client { headers.append(("authorization", Form.basic(client.id, client.secret))) }
        return await send("POST", path, headers: headers, body: Array(body.utf8))
    }

    public func send(
        _ method: String, _ path: String, query: String? = nil, headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) async -> Answer {
        let head = RequestHead(
            method: method, path: path, query: query, headers: headers, address: "192.0.2.1", id: "request-1")
        return Answer(await RequestDispatcher(core).respond(to: ServerRequest(head: head, body: body)))
    }

    /// Sends a request to the token endpoint as the service client.
    public func token(_ form: [(String, String)] = []) async -> Answer {
        await post(
            "/auth/token", [("grant_type", "client_credentials")] + form, as: ("service", TestServer.serviceSecret))
    }

    public func refresh(_ token: String, _ form: [(String, String)] = []) async -> Answer {
        await post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", token)] + form,
            as: ("service", TestServer.serviceSecret))
    }

    public func introspect(_ token: String, as id: String = "service", _ secret: String = TestServer.serviceSecret)
        async -> Answer
    {
        await post("/auth/introspect", [("token", token)], as: (id, secret))
    }

    public func isActive(_ token: String) async -> Bool {
        await introspect(token).json["active"] == true
    }
}

/// Writes forms as browsers do.
public enum Form {
    public static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    public static func basic(_ id: String, _ secret: String) -> String {
        "Basic " + base64(Array("\(encode(id)):\(encode(secret))".utf8))
    }

    public static func base64(_ bytes: [UInt8]) -> String {
        let text = Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
