// SPDX-License-Identifier: Apache-2.0
//
// What a call into a plugin costs: the loaded library's grant, beside the same grant compiled into this program.
// Scripts/bench compiles and runs it.

import Glibc
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
}

final class NoSettings: SettingsSource {
    func value(of declaration: SettingDeclaration) -> JSON? { nil }
    func report(_ problem: String, at key: String) {}
    func declare(_ attribute: AttributeDeclaration) {}
}

struct Own: TokenGrant {
    let declaration = GrantDeclaration("own", client: .confidential)
    @inline(never) func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

@inline(never) func measure(_ call: (TokenRequest) async throws -> Authorization, _ request: TokenRequest) async throws
    -> Double
{
    var best = Double.infinity
    for _ in 0..<9 {
        let start = ContinuousClock.now
        for _ in 0..<200_000 { _ = try await call(request) }
        let time = (ContinuousClock.now - start).components
        best = min(best, Double(time.attoseconds) / 1e12 / 200_000 + Double(time.seconds) * 1e6 / 200_000)
    }
    return best
}

@main struct Boundary {
    static func main() async throws {
        let path = CommandLine.arguments[1]
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(handle, "client_credentials_plugin_make")
        else { return print(String(cString: dlerror())) }
        let make = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeMutableRawPointer).self)
        let plugin = try PluginExport.take(make()).type.init(settings: Settings(NoSettings()), host: Lent())
        var registry = Registry()
        try plugin.register(in: &registry)
        guard let loaded = registry.grants.first else { return print("no grant") }
        let own = Own()
        let client = Client(id: "a", isPublic: false, grants: ["own"], scope: ["read"])
        let request = TokenRequest(
            grant: own.declaration, client: client, parameters: [:], head: RequestHead(method: "POST", path: "/"),
            allowed: AccessLimits(scope: ["read"]))
        let (inside, outside) = (
            try await measure(own.authorize, request), try await measure(loaded.authorize, request)
        )
        let cost = max(0, outside - inside)
        func shown(_ number: Double) -> String { "\((number * 1000).rounded() / 1000)" }
        print(
            "a call into a plugin: \(shown(outside)) us, the same in this program \(shown(inside)) us, boundary \(shown(cost)) us"
        )
    }
}
