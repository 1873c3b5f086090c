// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A host without services, for plugins that need none.
public struct NoHost: PluginHost, ClientDirectory, UserDirectory, TokenService, AccessService, KeyRing,
    CryptographyService, ForeignKeyService, SessionDirectory, ConsentDirectory, AttemptService, JobService,
    OutboundHTTP, EventService
{
    private let error = StoreError("this test lends nothing")

    public init() {}

    public var issuer: String { "https://id.example.com" }
    public var store: any StoreService { NoStore() }
    public var clients: any ClientDirectory { self }
    public var users: any UserDirectory { self }
    public var keys: any KeyRing { self }
    public var cryptography: any CryptographyService { self }
    public var foreignKeys: any ForeignKeyService { self }
    public var tokens: any TokenService { self }
    public var access: any AccessService { self }
    public var sessions: any SessionDirectory { self }
    public var consents: any ConsentDirectory { self }
    public var attempts: any AttemptService { self }
    public var jobs: any JobService { self }
    public var outbound: any OutboundHTTP { self }
    public var events: any EventService { self }
    public var log: any LogService { NoLog() }
    public var now: Timestamp { Timestamp(seconds: 1_800_000_000) }
    public var algorithms: [String] { ["ES256", "RS256"] }

    public func random(bytes count: Int) -> String { "" }
    public func record(_ event: @autoclosure () -> Event) {}
    public func find(_ id: String) async throws -> Client? { throw error }
    public func find(_ id: String) async throws -> User? { throw error }
    public func find(issuer: String, subject: String) async throws -> User? { throw error }
    public func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        throw error
    }
    public func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome { throw error }
    public var documents: any DocumentDirectory { NoDocuments() }
    public func resolve(_ value: String) async throws -> ResolvedToken? { throw error }
    public func revoke(_ what: Revocation, reason: String) async throws { throw error }
    public func unrevoked(_ what: Revocation) async throws -> StoreWrite { throw error }
    public func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String { throw error }
    public func verify(_ token: String, type: String) async throws -> VerifiedJWT? { throw error }
    public func authenticationCode(_ message: String, purpose: String) async throws -> String { throw error }
    public func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool { throw error }
    public func seal(_ text: String, purpose: String) async throws -> String { throw error }
    public func open(_ sealed: String, purpose: String) async throws -> String? { throw error }
    public func address(of route: Route) -> String { issuer + "/auth" + route.path }
    public func find(_ id: String) async throws -> UserSession? { throw error }
    public func list(user id: String) async throws -> [UserSession] { throw error }
    public func clients(of id: String) async throws -> [String] { throw error }
    public func list(user id: String) async throws -> [StoredConsent] { throw error }
    public func end(user id: String, client: String, reason: String) async throws { throw error }
    public func enqueue(_ job: Job) async throws -> StoreWrite { throw error }
    public func count(
        _ secret: String, of account: String?, from address: String
    ) async throws -> AttemptVerdict { throw error }
    public func succeeded(_ attempt: CountedAttempt) async throws { throw error }
    public func origin(of address: String) -> String { address }
    public func send(_ request: OutboundRequest) async throws -> OutboundReply { throw error }
    public func verify(
        _ token: String, by source: KeySource, _ rules: JWTRules
    ) async throws -> VerifiedJWT { throw error }
    public func keys(in set: JSON) throws -> PublicKeySet { throw error }
    public func unverified(_ token: String) -> UnverifiedJWT? { nil }
    public func issuer(_ name: String) -> ForeignIssuer? { nil }
    public func digest(_ text: String) -> String { text }
    public func leftHalf(_ text: String, algorithm: String) -> String { text }
    public func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] { throw error }
    public func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits { throw error }
    public func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization { throw error }
}

/// An empty directory that accepts nothing.
public struct NoDocuments: DocumentDirectory {
    private let error = StoreError("this test lends no documents")

    public init() {}

    public func entry(_ id: String) async throws -> DirectoryEntry? { throw error }
    public func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] { throw error }
    public func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] { throw error }
    public func create(_ document: JSON) async throws -> DirectoryChange { throw error }
    public func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange { throw error }
    public func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry { throw error }
}

private struct NoLog: LogService {
    func write(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ values: @autoclosure () -> KeyValuePairs<String, String>
    ) {}
}

private struct NoStore: StoreService {
    private let error = StoreError("this test lends no store")

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { throw error }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { throw error }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] { throw error }
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] { throw error }
    func increment(_ key: StoreKey, expiresAt: Timestamp) async throws -> Int64 { throw error }
}
