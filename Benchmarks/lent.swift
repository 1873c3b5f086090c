// SPDX-License-Identifier: Apache-2.0
//
// A host that lends nothing, for programs that load one plugin by themselves.

import GrantKit

struct Lent: PluginHost, ClientDirectory, TokenService, KeyRing, CryptographyService, Store, AccessService {
    var issuer: String { "" }
    var store: any Store { self }
    var clients: any ClientDirectory { self }
    var keys: any KeyRing { self }
    var cryptography: any CryptographyService { self }
    var tokens: any TokenService { self }
    var access: any AccessService { self }
    var users: any UserDirectory { Nobody() }
    var now: Timestamp { Timestamp(seconds: 0) }
    var algorithms: [String] { [] }
    func random(bytes count: Int) -> String { "" }
    func find(_ id: String) async throws -> Client? { nil }
    var documents: any DocumentDirectory { NoDocuments() }
    func resolve(_ value: String) async throws -> ResolvedToken? { nil }
    func revoke(_ what: Revocation, reason: String) async throws {}
    func unrevoked(_ what: Revocation) -> StoreWrite { .absent(StoreKey("", "")) }
    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String { "" }
    func verify(_ token: String, type: String) -> VerifiedJWT? { nil }
    func authenticationCode(_ message: String, purpose: String) -> String { "" }
    func isAuthentic(_ code: String, over message: String, purpose: String) -> Bool { false }
    func digest(_ text: String) -> String { "" }
    func claims(
        for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] { [] }
    func seal(_ text: String, purpose: String) throws -> String { "" }
    func open(_ sealed: String, purpose: String) -> String? { nil }
    func leftHalf(_ text: String, algorithm: String) -> String { "" }
    func prepare(_ collections: [StoreCollection]) async throws {}
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { [] }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { .committed }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] { [] }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 { 0 }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int { 0 }
}

struct Nobody: UserDirectory {
    func find(_ id: String) async throws -> User? { nil }
    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome { .refused }
    var documents: any DocumentDirectory { NoDocuments() }
}

/// A directory that has nothing and takes nothing.
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

final class NoSettings: SettingsSource {
    func value(of declaration: SettingDeclaration) -> JSON? { nil }
    func report(_ problem: String, at key: String) {}
    func declare(_ attribute: AttributeDeclaration) {}
}
