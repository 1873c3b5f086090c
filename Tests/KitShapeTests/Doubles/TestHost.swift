// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// Digests and signatures that anyone could forge, which are enough to see what was digested or signed.
struct TestCryptography: LaterCryptography, KeyRing {
    let algorithms = ["RS256"]

    /// The FNV-1a hash, repeated to the length of a SHA-256 digest in base64url.
    func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(String(repeating: String(hash, radix: 36), count: 10).prefix(43))
    }

    func leftHalf(_ text: String, algorithm: String) -> String { String(digest(text).prefix(22)) }

    /// Accepts the JSON of a header, claims and a thumbprint as a signed proof.
    func verifyEmbedded(_ token: String) -> (jwt: VerifiedJWT, thumbprint: String)? {
        guard let json = try? JSON(parsing: token), let header = json["header"], let claims = json["claims"],
            let thumbprint = json["thumbprint"]?.string
        else { return nil }
        return (VerifiedJWT(header: header, claims: claims), thumbprint)
    }

    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String { "\(type)|\(claims.text)" }

    func verify(_ token: String, type: String) -> VerifiedJWT? {
        guard token.hasPrefix("\(type)|"), let claims = try? JSON(parsing: String(token.dropFirst(type.count + 1)))
        else { return nil }
        return VerifiedJWT(header: ["typ": .string(type)], claims: claims)
    }

    func authenticationCode(_ message: String, purpose: String) -> String { digest("\(purpose) \(message)") }

    func seal(_ text: String, purpose: String) throws -> String { "\(purpose)|\(text)" }

    func open(_ sealed: String, purpose: String) -> String? {
        sealed.hasPrefix("\(purpose)|") ? String(sealed.dropFirst(purpose.count + 1)) : nil
    }

    func isAuthentic(_ code: String, over message: String, purpose: String) -> Bool {
        code == authenticationCode(message, purpose: purpose)
    }
}

/// Provides the services that the kit has today and those that it will have later.
final class TestHost: LaterHost {
    let issuer = "https://id.example.com/tenant"
    let store: any Store = TestStore()
    let keys: any KeyRing = TestCryptography()
    let cryptography: any CryptographyService = TestCryptography()
    let laterCryptography: any LaterCryptography = TestCryptography()
    private let seconds = Mutex<Int64>(1_800_000_000)

    var clients: any ClientDirectory { self }
    var users: any UserDirectory { self }
    var tokens: any TokenService { self }
    var access: any AccessService { self }
    var events: any EventService { self }
    var laterAccess: any LaterAccess { self }
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

    func address(of route: Route) -> String { "\(issuer)/auth\(route.path)" }

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
        id: "app", isPublic: false, grants: ["authorization_code", "implicit", DeviceCode.declaration.key],
        scope: ["openid", "read", "write"])

    func find(_ id: String) async throws -> Client? { id == TestHost.client.id ? TestHost.client : nil }

    func find(_ id: String) async throws -> User? {
        id == "ann" ? User(id: id, isActive: true, document: ["id": "ann"]) : nil
    }

    func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome { .refused }
    var documents: any DocumentDirectory { NoDocuments() }

    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        try await find(login).map(PasswordOutcome.verified) ?? .refused
    }

    func resolve(_ value: String) async throws -> ResolvedToken? { nil }

    func revoke(_ what: Revocation, reason: String) async throws {}

    func unrevoked(_ what: Revocation) -> StoreWrite { .absent(StoreKey("revoked", "\(what)")) }
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

    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        scope.contains("openid") ? [JSON.Member("given_name", "Ann")] : []
    }

    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict {
        .allowed(CountedAttempt(counters: []))
    }

    func succeeded(_ attempt: CountedAttempt) async throws {}

    func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let json: JSON = ["entry": [["resource": ["id": "p1"]], ["resource": ["id": "p2"]]]]
        return OutboundReply(status: 200, body: json.bytes)
    }
}

extension TestHost: SessionDirectory, ConsentDirectory, JobService {
    func find(_ id: String) async throws -> UserSession? { nil }

    func list(user id: String) async throws -> [UserSession] { [] }

    func clients(of id: String) async throws -> [String] { [] }

    func list(user id: String) async throws -> [StoredConsent] { [] }

    func end(user id: String, client: String, reason: String) async throws {}

    func enqueue(_ handler: String, _ payload: JSON, limit: Duration) -> StoreWrite {
        .create(StoreRecord(StoreKey("job", random(bytes: 16)), payload, expiresAt: now + limit))
    }
}

/// An empty directory that accepts nothing.
struct NoDocuments: DocumentDirectory {
    func entry(_ id: String) async throws -> DirectoryEntry? { nil }
    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] { [] }
    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] { [] }
    func create(_ document: JSON) async throws -> DirectoryChange { throw DocumentRefusal(.declared, []) }
    func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange { throw DocumentRefusal(.declared, []) }
    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        throw DocumentRefusal(.unknown, [])
    }
}
