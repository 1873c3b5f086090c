// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import Cryptography
public import GrantKit
import Synchronization

/// The real hashes, counted.
public final class CountingPasswords: PasswordHashing {
    private let counts = Mutex((slow: 0, old: 0, isFull: false))

    private let isQuick: Bool

    /// Makes the hashes.
    ///
    /// - Parameter isQuick: Whether to take a digest in place of the slow hash, for tests that are about other things.
    public init(isQuick: Bool = false) {
        self.isQuick = isQuick
    }

    /// How often Argon2id was computed at the cost of new hashes.
    public var slowHashes: Int { counts.withLock { $0.slow } }
    /// How often any other hash was.
    public var oldHashes: Int { counts.withLock { $0.old } }

    /// Lets everybody find all places taken.
    public func fill(_ isFull: Bool) { counts.withLock { $0.isFull = isFull } }

    public func form(of text: String) -> PasswordForm {
        guard PasswordHash.isMeant(by: text) else { return .plain }
        return PasswordHash(text).map { .hash(isCurrent: $0.isCurrent) } ?? .unusable
    }

    private func count(_ isSlow: Bool, _ address: String?) throws {
        try counts.withLock { counts in
            if address != nil, counts.isFull { throw OAuthError(.temporarilyUnavailable, "full") }
            if isSlow { counts.slow += 1 } else { counts.old += 1 }
        }
    }

    public func hash(_ password: Secret, from address: String?) async throws -> String {
        try count(true, address)
        return try Argon2Hash(hashing: password).text
    }

    public func matches(_ password: Secret, _ hash: String, from address: String) async throws -> Bool {
        let kept = PasswordHash(hash)
        try count(kept?.isCurrent ?? false, address)
        return kept?.matches(password) ?? false
    }

    public func derive(_ text: Secret, salt: String, from address: String?) async throws -> Secret {
        try count(true, address)
        if isQuick { return Secret(SystemCryptography().digest("\(salt)\u{0}\(text.exposed)")) }
        return Secret(Base64URL.encode(try Argon2Hash.derive(text, salt: Array(salt.utf8))))
    }

    public func origin(of address: String) -> String { HashingPool.origin(of: address) }
}
