// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import Synchronization

/// Compares the secrets of clients by digests under a key that ends with the process.
final class ClientSecretVerifier: SecretVerifier {
    private let key = Digest.random(32)
    /// Half of the cores, so that hashing never takes the threads of those who serve requests.
    let pool = HashingPool(threads: ProcessInfo.processInfo.activeProcessorCount / 2)
    /// Hashes the passwords of people, in the same pool.
    var passwords: Passwords { Passwords(pool: pool) }
    /// Kept over reloads, so that a reload does not make every client's secret slow again.
    private let hashes = Mutex<[String: RememberingHash]>([:])

    func keyedDigest(_ secret: Secret) -> Secret {
        ClientSecretVerifier.digest(secret, key)
    }

    /// Nobody sees these digests, so the key in front is enough and no HMAC is needed.
    private static func digest(_ secret: Secret, _ key: [UInt8]) -> Secret {
        Secret(Base64URL.encode(Digest.sha256(key + secret.exposed.utf8)))
    }

    func slowHash(_ text: String) -> (any SlowHash)? {
        guard let hash = PasswordHash(text) else { return nil }
        return hashes.withLock { hashes in
            if let known = hashes[text] { return known }
            // Clients in the store are without number; one that is forgotten costs a slow hash more.
            if hashes.count >= 4096 { hashes.remove(at: hashes.startIndex) }
            let fresh = RememberingHash(hash, of: text, pool) { [key] in ClientSecretVerifier.digest($0, key) }
            hashes[text] = fresh
            return fresh
        }
    }
}
