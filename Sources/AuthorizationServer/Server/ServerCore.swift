// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
package import Logging
import Synchronization

/// The clock and the random source, which tests replace.
public protocol ServerEnvironment: Sendable {
    /// The current time.
    var now: Timestamp { get }
    /// A clock that nobody sets, and that runs while the machine sleeps.
    var uptime: ContinuousClock.Instant { get }
    /// Random bytes, as base64url.
    func random(bytes count: Int) -> String
}

extension ServerEnvironment {
    /// The system's clock.
    public var uptime: ContinuousClock.Instant { .now }
}

/// The authorization server: the services that it offers to plugins, and the entry point for requests.
public final class ServerCore: Sendable {
    let environment: any ServerEnvironment
    let logger: Logger
    /// Whether responses show what otherwise only the log says about errors of the server.
    public let isDevelopment: Bool
    /// The server's counters.
    public let metrics = Metrics()
    /// The issuer identifier.
    public let issuer: String
    /// Cryptography that needs none of the server's keys.
    package let cryptography: any ServerCryptography
    /// The keys of other parties.
    let keySets: KeySets
    let foreignTokens: ForeignTokenReader
    let secrets: any SecretVerifier
    let passwords: any PasswordHashing
    /// The server's own pages, without those of plugins.
    package let pages: any PageRenderer
    let sender: any OutboundHTTP
    let pendingJobs = PendingJobs()
    let recorder: EventRecorder
    /// What this node knows of the store without asking it.
    package let memory: StoreMemory
    let decidingKeys = DecidingKeys()

    private struct State {
        var generation: Generation?
        var opened: Opened?
    }

    /// The part of the server that exists only once the store is open.
    final class Opened: Sendable {
        let store: any Store
        let keys: any KeyRing
        let publicKeys: PublishedDocument
        let epochKey = Mutex<Secret?>(nil)

        init(store: any Store, keys: any KeyRing, publicKeys: PublishedDocument) {
            self.store = store
            self.keys = keys
            self.publicKeys = publicKeys
        }
    }

    private let state = Mutex(State())
    private let closed: Closed
    private let restored = AtomicLazyReference<Restoration>()
    /// The last restore of the store; nil if there was none.
    var restoration: Restoration? { restored.load() }

    /// Creates a server without a generation.
    package init(
        issuer: String, environment: any ServerEnvironment, cryptography: any ServerCryptography,
        secrets: any SecretVerifier, passwords: any PasswordHashing, pages: any PageRenderer,
        algorithms: [String], logger: Logger, outbound: any OutboundHTTP = NoOutbound(), isDevelopment: Bool = false,
        mostRevocations: Int = KnownEnds.most
    ) {
        memory = StoreMemory(environment, atMost: mostRevocations)
        self.isDevelopment = isDevelopment
        sender = outbound
        self.issuer = issuer
        self.environment = environment
        self.cryptography = cryptography
        keySets = KeySets(environment, outbound, cryptography, logger)
        foreignTokens = ForeignTokenReader(cryptography)
        self.secrets = secrets
        self.passwords = passwords
        self.pages = pages
        self.logger = logger
        closed = Closed(algorithms: algorithms)
        recorder = EventRecorder(environment, metrics, logger)
    }

    /// The core's collections in the store.
    public static let collections: [StoreCollection] = [
        Tombstone.collection, Session.collection, SessionClient.collection, StoredJob.collection, Consent.collection,
        InteractionState.collection,
        StoredUser.collection, LoginRow.collection, UserIdentity.collection, UserEpoch.collection,
        DeclaredUserRecord.collection, SignInAttempts.counters, SignInOrigin.collection, StoredClient.collection,
        StoredClient.originCollection,
        UsedJWT.collection, CopyMark.collection, ServerPresence.collection,
    ].map { collection in
        var collection = collection
        collection.isFollowed = followed.contains(collection.name)
        return collection
    }

    /// The collections whose records a node keeps in memory.
    private static let followed = KeptRecords.collections.union([Tombstone.collection.name])

    /// Opens the server, or replaces its keys; the store stays the same.
    ///
    /// - Parameters:
    ///   - store: The store.
    ///   - keys: The server's own keys.
    ///   - publicJWKS: The public halves of the signing keys.
    ///   - cache: How long others may cache them.
    public func open(store: CheckedStore, keys: any KeyRing, publicJWKS: JSON, cache: Duration = .seconds(300)) {
        let document = PublishedDocument(publicJWKS, cache: cache, digest: cryptography.digest)
        store.wake(pendingJobs)
        store.inform(memory)
        state.withLock { $0.opened = Opened(store: store, keys: keys, publicKeys: document) }
    }

    /// Reads what commands have noted in the store, before it is used.
    ///
    /// - Parameter store: The store.
    /// - Throws: `StoreError` if the store holds only a part of a copy.
    package func readMarks(in store: any Store) async throws {
        try await CopyMark.check(store)
        if let found = try await Restoration.read(in: store) { _ = restored.storeIfNil(found) }
    }

    /// Whether commands have loaded another content into the store since it was opened.
    ///
    /// - Parameter store: The store.
    /// - Returns: Whether its content is, or will be, another one.
    /// - Throws: `StoreError`.
    package func isReplaced(_ store: any Store) async throws -> Bool {
        if try await store.read(CopyMark.key) != nil { return true }
        return try await Restoration.read(in: store)?.moment != restoration?.moment
    }

    /// Serves a generation from the next request on.
    public func install(_ generation: Generation) {
        // The former generation is released outside of the lock, because that may stop plugins.
        let former = state.withLock { state in
            defer { state.generation = generation }
            return state.generation
        }
        recorder.serve(
            generation.plugins.flatMap(\.queues), hasOutboxes: !generation.capabilities.outboxes.isEmpty)
        _ = former
    }

    /// Records the state of the declared users, so that what has ended stays ended.
    ///
    /// Call this after installing a generation. It writes nothing if nothing has changed, and computes a slow hash, one
    /// at a
    /// time, for each plain password in the configuration.
    ///
    /// - Throws: `StoreError`, `CancellationError`.
    public func recordUsers() async throws {
        try await DeclaredUserRecording(store: store, users: Users(self, generation)).run()
    }

    /// The generation that serves requests which begin now.
    public var generation: Generation? {
        state.withLock { $0.generation }
    }

    var opened: Opened? {
        state.withLock { $0.opened }
    }

    /// The key for the epochs of declared users, read once.
    func epochKey() async throws -> Secret {
        if let known = opened?.epochKey.withLock({ $0 }) { return known }
        // This also applies to requests that must not write: a key that would not be stored must not be used.
        let key = try await UserEpoch.key(in: opened?.store ?? closed, random: random(bytes: 32))
        opened?.epochKey.withLock { $0 = key }
        return key
    }
}

/// Takes the place of the store and the keys until they are open, so that early use is an error and not a trap.
private struct Closed: Store, KeyRing {
    private var error: StoreError { StoreError("the store and the keys cannot be used before the plugin is started") }

    func prepare(_ collections: [StoreCollection]) async throws { throw error }
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { throw error }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { throw error }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] { throw error }
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] { throw error }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 { throw error }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int { throw error }

    let algorithms: [String]
    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String { throw error }
    func verify(_ token: String, type: String) async throws -> VerifiedJWT? { throw error }
    func authenticationCode(_ message: String, purpose: String) async throws -> String { throw error }
    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool { throw error }
    func seal(_ text: String, purpose: String) async throws -> String { throw error }
    func open(_ sealed: String, purpose: String) async throws -> String? { throw error }
}

// What a plugin gets of these services is in its `LentHost`; the core itself is no host, so no plugin can be given it.
extension ServerCore {
    /// The store; read-only during a HEAD request, and after the deadline of a plugin's call.
    public var store: any Store {
        let store = opened?.store ?? closed
        if HeadRequest.isCurrent { return ReadOnlyStore(inner: store) }
        guard let call = PluginCall.ongoing else { return store }
        return CallStore(inner: store, call: call)
    }
    /// Sends requests to other servers, but none during a HEAD request or after the deadline of a plugin's call.
    public var outbound: any OutboundHTTP { CurrentOutbound(core: self) }
    /// The server's own keys.
    public var keys: any KeyRing { opened?.keys ?? closed }
    /// The clients.
    public var clients: any ClientDirectory { Clients(self, generation) }
    /// The users.
    public var users: any UserDirectory { Users(self, generation) }
    /// The tokens that this server issued.
    public var tokens: any TokenService { tokenRegistry }
    var tokenRegistry: TokenRegistry { TokenRegistry(core: self) }
    /// The services of the core around access to resources.
    public var access: any AccessService { ClientAccess(core: self, generation: generation) }
    /// The sessions of users.
    public var sessions: any SessionDirectory { sessionRegistry }
    var sessionRegistry: SessionRegistry { SessionRegistry(core: self) }
    /// The consents of users to clients.
    public var consents: any ConsentDirectory { Consents(core: self) }
    /// Queues work that can be done after the response.
    public var jobs: any JobService { JobQueue(core: self) }

    /// The public URL of a route.
    public func address(of route: Route) -> String {
        issuer + (route.base == .endpoints ? generation?.basePath ?? "" : "") + route.pathBelowBase
    }

    /// Records events for plugins that write them down.
    public var events: any EventService { recorder }
    /// The current time.
    public var now: Timestamp { environment.now }

    /// Returns random bytes in base64url.
    public func random(bytes count: Int) -> String {
        environment.random(bytes: count)
    }
}
