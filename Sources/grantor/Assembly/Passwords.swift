// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

/// Hashes users' passwords in the pool that all slow hashes share.
struct Passwords: PasswordHashing {
    let pool: HashingPool

    func form(of text: String) -> PasswordForm {
        guard PasswordHash.isMeant(by: text) else { return .plain }
        return PasswordHash(text).map { .hash(isCurrent: $0.isCurrent) } ?? .unusable
    }

    func hash(_ password: Secret, from address: String?) async throws -> String {
        try await run(from: address) { Result { try Argon2Hash(hashing: password).text } }.get()
    }

    func matches(_ password: Secret, _ hash: String, from address: String) async throws -> Bool {
        try await run(from: address) { PasswordHash(hash)?.matches(password) ?? false }
    }

    func derive(_ text: Secret, salt: String, from address: String?) async throws -> Secret {
        let salt = Array(salt.utf8)
        let bytes = try await run(from: address) { Result { try Argon2Hash.derive(text, salt: salt) } }.get()
        return Secret(Base64URL.encode(bytes))
    }

    func origin(of address: String) -> String {
        HashingPool.origin(of: address)
    }

    private func run<Value: Sendable>(
        from address: String?, _ work: @escaping @Sendable () -> Value
    ) async throws -> Value {
        do {
            return try await pool.run(from: address, work)
        } catch is HashingPool.Full {
            throw OAuthError(
                .temporarilyUnavailable, "too many passwords are being checked", reason: "the pool is full")
        }
    }
}
