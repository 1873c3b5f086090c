// SPDX-License-Identifier: Apache-2.0

import GrantKit

// Services that a plugin in a process of its own does not have yet. Each call throws an error that says so.

struct AbsentKeys: KeyRing {
    let algorithms: [String]

    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String {
        throw HostRefusal.absent("keys.sign")
    }

    func verify(_ token: String, type: String) async throws -> VerifiedJWT? { throw HostRefusal.absent("keys.verify") }

    func authenticationCode(_ message: String, purpose: String) async throws -> String {
        throw HostRefusal.absent("keys.authenticationCode")
    }

    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool {
        throw HostRefusal.absent("keys.isAuthentic")
    }

    func seal(_ text: String, purpose: String) async throws -> String { throw HostRefusal.absent("keys.seal") }

    func open(_ sealed: String, purpose: String) async throws -> String? { throw HostRefusal.absent("keys.open") }
}

struct AbsentForeignKeys: ForeignKeyService {
    func verify(_ token: String, by source: KeySource, _ rules: JWTRules) async throws -> VerifiedJWT {
        throw HostRefusal.absent("foreignKeys.verify")
    }

    func keys(in set: JSON) throws -> PublicKeySet { throw HostRefusal.absent("foreignKeys.keys") }

    func issuer(_ name: String) -> ForeignIssuer? { nil }

    func unverified(_ token: String) -> UnverifiedJWT? { nil }
}

struct AbsentTokens: TokenService {
    func resolve(_ value: String) async throws -> ResolvedToken? { throw HostRefusal.absent("tokens.resolve") }

    func revoke(_ what: Revocation, reason: String) async throws { throw HostRefusal.absent("tokens.revoke") }

    func unrevoked(_ what: Revocation) async throws -> StoreWrite { throw HostRefusal.absent("tokens.unrevoked") }
}

struct AbsentAccess: AccessService {
    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] { throw HostRefusal.absent("access.claims") }

    func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits { throw HostRefusal.absent("access.limits") }

    func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization { throw HostRefusal.absent("access.derive") }
}

struct AbsentSessions: SessionDirectory {
    func find(_ id: String) async throws -> UserSession? { throw HostRefusal.absent("sessions.find") }

    func list(user id: String) async throws -> [UserSession] { throw HostRefusal.absent("sessions.list") }

    func clients(of id: String) async throws -> [String] { throw HostRefusal.absent("sessions.clients") }
}

struct AbsentConsents: ConsentDirectory {
    func list(user id: String) async throws -> [StoredConsent] { throw HostRefusal.absent("consents.list") }

    func end(user id: String, client: String, reason: String) async throws { throw HostRefusal.absent("consents.end") }
}

struct AbsentAttempts: AttemptService {
    func count(_ secret: String, of account: String?, from address: String) async throws -> AttemptVerdict {
        throw HostRefusal.absent("attempts.count")
    }

    func succeeded(_ attempt: CountedAttempt) async throws { throw HostRefusal.absent("attempts.succeeded") }

    func origin(of address: String) -> String { address }
}

struct AbsentJobs: JobService {
    func enqueue(_ job: Job) async throws -> StoreWrite { throw HostRefusal.absent("jobs.enqueue") }
}

struct AbsentDocuments: DocumentDirectory {
    func entry(_ id: String) async throws -> DirectoryEntry? { throw HostRefusal.absent("documents.entry") }

    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] {
        throw HostRefusal.absent("documents.page")
    }

    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] {
        throw HostRefusal.absent("documents.search")
    }

    func create(_ document: JSON) async throws -> DirectoryChange { throw HostRefusal.absent("documents.create") }

    func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange { throw HostRefusal.absent("documents.replace") }

    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        throw HostRefusal.absent("documents.delete")
    }
}
