// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit

/// The clock and the random source of the machine.
struct System: Surroundings {
    var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec))
    }

    func random(bytes count: Int) -> String {
        Base64URL.encode(Digest.random(count))
    }
}

/// Compares the secrets of clients by digests under a key that ends with the process.
struct Secrets: SecretVerifier {
    private let key = Digest.random(32)
    let pool = HashingPool(threads: ProcessInfo.processInfo.activeProcessorCount)

    func keyedDigest(_ secret: Secret) -> Secret {
        Secret(Base64URL.encode(Digest.hmac(Array(secret.exposed.utf8), key: key)))
    }

    func slowHash(_ text: String) -> (any SlowHash)? {
        ScryptHash(text).map { PooledHash(hash: $0, pool: pool) }
    }

    private struct PooledHash: SlowHash {
        let hash: ScryptHash
        let pool: HashingPool

        func matches(_ secret: Secret, from address: String) async throws -> Bool {
            do {
                return try await pool.run(from: address) { hash.matches(secret) }
            } catch is HashingPool.Full {
                throw OAuthError(
                    .temporarilyUnavailable, "too many secrets are being checked", reason: "the pool is full")
            }
        }
    }
}
