// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import Cryptography
public import GrantKit
import Synchronization

/// Hashes passwords and counts the hashes.
///
/// The hashes are fast ones in the format of the slow hash; the tests of the hashes themselves use the real one.
/// Imported hashes are really computed.
public final class CountingPasswords: PasswordHashing {
    private let counts = Mutex((slow: 0, old: 0, isFull: false))

    public init() {}

    /// The number of Argon2id hashes at the cost of new hashes.
    public var slowHashes: Int { counts.withLock { $0.slow } }
    /// The number of other hashes.
    public var oldHashes: Int { counts.withLock { $0.old } }

    /// Makes all places appear taken.
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
        return CountingPasswords.quick(password, UInt64.random(in: 0 ... .max))
    }

    public func matches(_ password: Secret, _ hash: String, from address: String) async throws -> Bool {
        let kept = PasswordHash(hash)
        try count(kept?.isCurrent ?? false, address)
        return CountingPasswords.compare(password, hash)
    }

    static func compare(_ password: Secret, _ hash: String) -> Bool {
        guard let salt = salt(of: hash) else { return PasswordHash(hash)?.matches(password) ?? false }
        return hash == quick(password, salt)
    }

    public func derive(_ text: Secret, salt: String, from address: String?) async throws -> Secret {
        try count(true, address)
        return Secret(SystemCryptography().digest("\(salt)\u{0}\(text.exposed)"))
    }

    // MARK: quick hashes

    private static let start = "$argon2id$v=19$m=19456,t=2,p=1$quick"

    private static func quick(_ password: Secret, _ salt: UInt64) -> String {
        let digits = String(salt, radix: 16)
        let padded = String(repeating: "0", count: 16 - digits.count) + digits
        let digest = Base64URL.encode(Digest.sha256(Array("\(padded)\(password.exposed)".utf8)))
        return "\(start)\(padded)Q$\(digest.replacing("-", with: "+").replacing("_", with: "/"))"
    }

    private static func salt(of hash: String) -> UInt64? {
        guard hash.hasPrefix(start) else { return nil }
        return UInt64(hash.dropFirst(start.count).prefix(16), radix: 16)
    }

    public func origin(of address: String) -> String { HashingPool.origin(of: address) }
}
