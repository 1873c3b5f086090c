// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import Synchronization

/// Compares client secrets by keyed digests; the key is random and lives only as long as the process.
final class ClientSecretVerifier: SecretVerifier {
    private let key = Digest.random(32)
    /// Uses half of the cores, so that hashing leaves threads for serving requests.
    let pool = HashingPool(threads: ProcessInfo.processInfo.activeProcessorCount / 2)
    /// Hashes users' passwords in the same pool.
    var passwords: Passwords { Passwords(pool: pool) }
    /// Survives reloads, so that a reload does not make the first check of every secret slow again.
    private let hashes = Mutex<[String: RememberingHash]>([:])

    func keyedDigest(_ secret: Secret) -> Secret {
        ClientSecretVerifier.digest(secret, key)
    }

    /// These digests never leave the process, so a prefixed key is enough and no HMAC is needed.
    private static func digest(_ secret: Secret, _ key: [UInt8]) -> Secret {
        Secret(Base64URL.encode(Digest.sha256(key + secret.exposed.utf8)))
    }

    func slowHash(_ text: String) -> (any SlowHash)? {
        guard let hash = PasswordHash(text) else { return nil }
        return hashes.withLock { hashes in
            if let known = hashes[text] { return known }
            // The store may hold any number of clients. Forgetting one costs one more slow hash.
            if hashes.count >= 4096 { hashes.remove(at: hashes.startIndex) }
            let fresh = RememberingHash(hash, of: text, pool) { [key] in ClientSecretVerifier.digest($0, key) }
            hashes[text] = fresh
            return fresh
        }
    }
}
