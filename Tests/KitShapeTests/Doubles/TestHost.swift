// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

/// Provides the services that the kit has today and those that it will have later.
final class TestHost: LaterHost {
    let issuer = "https://id.example.com/tenant"
    let name: String
    let records = TestStore()
    let keys: any KeyRing = TestCryptography()
    let cryptography: any CryptographyService = TestCryptography()
    let laterCryptography: any LaterCryptography = TestCryptography()
    let documents: any DocumentDirectory = TestDocuments()
    /// What other servers answer, by the start of the address.
    private let replies = Mutex<[(start: String, reply: OutboundReply)]>([])
    private let requests = Mutex<[OutboundRequest]>([])
    private let issued = Mutex<[(value: String, token: ResolvedToken)]>([])
    private let seconds = Mutex<Int64>(1_800_000_000)

    init(name: String = "plugin") {
        self.name = name
    }

    /// The requests that were sent to other servers.
    var sent: [OutboundRequest] { requests.withLock { $0 } }
    var store: any StoreService { LentTestStore(store: records) }

    var clients: any ClientDirectory { self }
    var users: any UserDirectory { self }
    var tokens: any TokenService { self }
    var access: any AccessService { self }
    var events: any EventService { self }
    var laterAccess: any LaterAccess { self }
    var foreignKeys: any ForeignKeyService { TestForeignKeys(host: self) }
    var laterForeignKeys: any LaterForeignKeys { TestForeignKeys(host: self) }
    var messages: any MessageService { self }
    var connections: any ConnectionService { self }
    var attempts: any AttemptService { self }
    var sessions: any SessionDirectory { self }
    var consents: any ConsentDirectory { self }
    var jobs: any JobService { self }
    var outbound: any OutboundHTTP { self }
    var log: any LogService { self }
    var now: Timestamp { Timestamp(seconds: seconds.withLock { $0 }) }

    func advance(_ span: Duration) {
        seconds.withLock { $0 += span.components.seconds }
    }

    func reply(to start: String, _ json: JSON, status: Int = 200) {
        replies.withLock { $0.append((start: start, reply: OutboundReply(status: status, body: json.bytes))) }
    }

    /// Makes an access token known.
    func issue(_ value: String, _ authorization: Authorization, to client: Client = TestHost.client) {
        let token = ResolvedToken(
            kind: .access, id: "id-\(value)", clientID: client.id, issuedAt: now, expiresAt: now + .seconds(600),
            authorization: authorization.issued(under: "authorization_code", grantID: "a-grant"))
        issued.withLock { $0.append((value: value, token: token)) }
    }

    func address(of route: Route) -> String {
        switch route.base {
        case .endpoints: "\(issuer)/auth\(route.path)"
        case .issuer: "\(issuer)\(route.path)"
        case .wellKnown: "\(issuer)/.well-known\(route.path)"
        @unknown default: route.path
        }
    }

    func random(bytes count: Int) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return String((0..<(count * 8 + 5) / 6).compactMap { _ in letters.randomElement() })
    }
}

extension TestHost: ClientDirectory, UserDirectory, TokenService, EventService, LogService {
    func record(_ event: @autoclosure () -> Event) {}

    func write(
        _ level: LogLevel, _ message: @autoclosure () -> String,
        _ values: @autoclosure () -> KeyValuePairs<String, String>
    ) {}

    static let client = Client(
        id: "app", isPublic: false, grants: ["authorization_code", "implicit"], scope: ["openid", "read", "write"])

    func find(_ id: String) async throws -> Client? { id == TestHost.client.id ? TestHost.client : nil }

    func find(_ id: String) async throws -> User? {
        id == "ann" ? User(id: id, isActive: true, document: ["id": "ann"]) : nil
    }

    func find(issuer: String, subject: String) async throws -> User? { nil }

    func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome { .refused }

    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        try await find(login).map(PasswordOutcome.verified) ?? .refused
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        issued.withLock { $0.last { $0.value == value } }?.token
    }

    func revoke(_ what: Revocation, reason: String) async throws {}

    func unrevoked(_ what: Revocation) async throws -> StoreWrite { .absent(StoreKey("revoked", "\(what)")) }
}

extension TestHost: LaterAccess, AttemptService, OutboundHTTP {
    func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits {
        let asked = try Scope(parsing: parameters["scope"] ?? client.scope.description)
        return AccessLimits(scope: asked.filter(client.scope.contains), audience: parameters.values("audience"))
    }

    func validate(authorizationRequest parameters: Parameters, client: Client) async throws -> Parameters {
        _ = try parameters.required("response_type")
        return parameters
    }

    func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization {
        try .derived(from: token, for: request, audience: audience, recomputing: [])
    }

    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        scope.contains("openid") ? [JSON.Member("given_name", "Ann")] : []
    }

    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict {
        let key = StoreKey("attempt", "\(secret) \(account ?? "") \(address)")
        let sum = try await records.increment(key, expiresAt: now + .seconds(600), now: now)
        return sum > 5 ? .later(.seconds(60)) : .allowed(CountedAttempt(counters: [key.id]))
    }

    func succeeded(_ attempt: CountedAttempt) async throws {}

    func origin(of address: String) -> String { address }

    func send(_ request: OutboundRequest) async throws -> OutboundReply {
        requests.withLock { $0.append(request) }
        guard let found = replies.withLock({ $0.last { request.url.hasPrefix($0.start) } }) else {
            throw OutboundError("nobody answers at \(request.url)")
        }
        return found.reply
    }
}

extension TestHost: SessionDirectory, ConsentDirectory, JobService {
    func find(_ id: String) async throws -> UserSession? { nil }

    func list(user id: String) async throws -> [UserSession] { [] }

    func clients(of id: String) async throws -> [String] { [] }

    func list(user id: String) async throws -> [StoredConsent] { [] }

    func end(user id: String, client: String, reason: String) async throws {}

    func enqueue(_ job: Job) async throws -> StoreWrite {
        var row: JSON = ["handler": .string(job.handler), "payload": job.payload]
        row["not_before"] = (job.notBefore?.seconds).map(JSON.integer)
        return .create(StoreRecord(StoreKey("job", random(bytes: 16)), row, expiresAt: now + job.limit))
    }
}
