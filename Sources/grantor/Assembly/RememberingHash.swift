// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Synchronization

/// Computes the slow hash in the pool until a secret has matched it, and compares digests from then on.
final class RememberingHash: SlowHash {
    private let hash: PasswordHash
    /// Identifies the secret's owner when the pool shares out its places.
    private let owner: String
    private let pool: HashingPool
    private let digest: @Sendable (Secret) -> Secret
    private let known = Mutex<Secret?>(nil)

    init(
        _ hash: PasswordHash, of owner: String, _ pool: HashingPool, digest: @escaping @Sendable (Secret) -> Secret
    ) {
        self.hash = hash
        self.owner = owner
        self.pool = pool
        self.digest = digest
    }

    func matches(_ secret: Secret, from address: String) async throws -> Bool {
        let digest = digest(secret)
        if known.withLock({ $0 == digest }) { return true }
        do {
            guard try await pool.run(.clientSecret(owner), from: address, { [hash] in hash.matches(secret) }) else {
                return false
            }
        } catch is HashingPool.Full {
            throw OAuthError(.temporarilyUnavailable, "too many secrets are being checked", reason: "the pool is full")
        }
        known.withLock { $0 = digest }
        return true
    }
}
