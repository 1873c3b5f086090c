// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import Synchronization

/// The clock and the random source of the machine.
struct System: ServerEnvironment {
    private let random = RandomReserve()

    var now: Timestamp { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970.rounded(.down))) }

    func random(bytes count: Int) -> String {
        Base64URL.encode(random.take(count))
    }
}

/// Compares the secrets of clients by digests under a key that ends with the process.
final class Secrets: SecretVerifier {
    private let key = Digest.random(32)
    /// Half of the cores, so that hashing never takes the threads of those who serve requests.
    let pool = HashingPool(threads: ProcessInfo.processInfo.activeProcessorCount / 2)
    /// Hashes the passwords of people, in the same pool.
    var passwords: Passwords { Passwords(pool: pool) }
    /// Kept over reloads, so that a reload does not make every client's secret slow again.
    private let hashes = Mutex<[String: RememberingHash]>([:])

    func keyedDigest(_ secret: Secret) -> Secret {
        Secrets.digest(secret, key)
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
            let fresh = RememberingHash(hash, of: text, pool) { [key] in Secrets.digest($0, key) }
            hashes[text] = fresh
            return fresh
        }
    }
}

/// Computes a slow hash in the pool until a secret has matched it, and compares digests from then on.
private final class RememberingHash: SlowHash {
    private let hash: PasswordHash
    /// Whose secret it is, as far as places are concerned.
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

/// Stands in for the pages of commands that show none, and of a server that does not start for what is wrong with its own.
struct NoPages: PageRenderer {
    let assets: [PageAsset] = []

    func render(_ page: String, _ values: JSON, in languages: [String]) throws -> RenderedPage {
        throw ConfigurationError("there are no pages")
    }
}
