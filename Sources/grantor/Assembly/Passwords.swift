// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

/// Hashes users' passwords in the pool that all slow hashes share.
struct Passwords: PasswordHashing {
    let pool: HashingPool
    /// The place of a request; nil for the server's own hashes, each of which finds one.
    var taken: HashingPool.Place?

    func form(of text: String) -> PasswordForm {
        guard PasswordHash.isMeant(by: text) else { return .plain }
        return PasswordHash(text).map { .hash(isCurrent: $0.isCurrent) } ?? .unusable
    }

    func place(for address: String) throws -> any PasswordHashing {
        do {
            return Passwords(pool: pool, taken: try pool.take(.password, from: address))
        } catch is HashingPool.Full {
            throw OAuthError(
                .temporarilyUnavailable, "too many passwords are being checked", reason: "the pool is full")
        }
    }

    func hash(_ password: Secret) async throws -> String {
        try await run { Result { try Argon2Hash(hashing: password).text } }.get()
    }

    func matches(_ password: Secret, _ hash: String) async throws -> Bool {
        try await run { PasswordHash(hash)?.matches(password) ?? false }
    }

    func derive(_ text: Secret, salt: String) async throws -> Secret {
        let salt = Array(salt.utf8)
        let bytes = try await run { Result { try Argon2Hash.derive(text, salt: salt) } }.get()
        return Secret(Base64URL.encode(bytes))
    }

    func origin(of address: String) -> String {
        HashingPool.origin(of: address)
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
        if let taken { return await pool.run(in: taken, work) }
        return try await pool.run(from: nil, work)
    }
}
