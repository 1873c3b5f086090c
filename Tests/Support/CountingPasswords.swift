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
    private let counts = Mutex((slow: 0, old: 0, taken: 0, places: Int.max))

    public init() {}

    /// The number of Argon2id hashes at the cost of new hashes.
    public var slowHashes: Int { counts.withLock { $0.slow } }
    /// The number of other hashes.
    public var oldHashes: Int { counts.withLock { $0.old } }

    /// The number of places that are taken.
    public var taken: Int { counts.withLock { $0.taken } }

    /// Makes all places appear taken, except for a few.
    public func fill(_ isFull: Bool, leaving places: Int = 0) {
        counts.withLock { $0.places = isFull ? places : .max }
    }

    public func form(of text: String) -> PasswordForm {
        guard PasswordHash.isMeant(by: text) else { return .plain }
        return PasswordHash(text).map { .hash(isCurrent: $0.isCurrent) } ?? .unusable
    }

    public func place(for address: String) throws -> any PasswordHashing {
        try counts.withLock { counts in
            if counts.taken >= counts.places { throw OAuthError(.temporarilyUnavailable, "full") }
            counts.taken += 1
        }
        return Place(of: self)
    }

    private func leave() { counts.withLock { $0.taken -= 1 } }

    private func count(_ isSlow: Bool) {
        counts.withLock { counts in
            if isSlow { counts.slow += 1 } else { counts.old += 1 }
        }
    }

    public func hash(_ password: Secret) async throws -> String {
        count(true)
        return CountingPasswords.quick(password, UInt64.random(in: 0 ... .max))
    }

    public func matches(_ password: Secret, _ hash: String) async throws -> Bool {
        count(PasswordHash(hash)?.isCurrent ?? false)
        return CountingPasswords.compare(password, hash)
    }

    static func compare(_ password: Secret, _ hash: String) -> Bool {
        guard let salt = salt(of: hash) else { return PasswordHash(hash)?.matches(password) ?? false }
        return hash == quick(password, salt)
    }

    public func derive(_ text: Secret, salt: String) async throws -> Secret {
        count(true)
        return Secret(SystemCryptography().digest("\(salt)\u{0}\(text.exposed)"))
    }

    /// A place, which is taken until nothing refers to it.
    private final class Place: PasswordHashing {
        private let all: CountingPasswords

        init(of all: CountingPasswords) { self.all = all }

        deinit { all.leave() }

        func form(of text: String) -> PasswordForm { all.form(of: text) }
        func place(for address: String) throws -> any PasswordHashing { self }
        func origin(of address: String) -> String { all.origin(of: address) }
        func hash(_ password: Secret) async throws -> String { try await all.hash(password) }

        func matches(_ password: Secret, _ hash: String) async throws -> Bool {
            try await all.matches(password, hash)
        }

        func derive(_ text: Secret, salt: String) async throws -> Secret {
            try await all.derive(text, salt: salt)
        }
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
