// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText

/// A password as it is kept: by a hash that is slow to compute, of any form that can be verified.
public enum PasswordHash: Sendable {
    /// What new passwords are hashed with.
    case argon2id(Argon2Hash)
    /// What Aidbox writes.
    case scrypt(ScryptHash)
    /// Brought along from elsewhere.
    case bcrypt(BcryptHash)
    /// Brought along from elsewhere.
    case pbkdf2(PBKDF2Hash)

    /// Reads a hash, or gives nil if the text is none that can be verified at a bearable cost.
    public init?(_ text: String) {
        if let hash = Argon2Hash(text) {
            self = .argon2id(hash)
        } else if let hash = ScryptHash(text) {
            self = .scrypt(hash)
        } else if let hash = BcryptHash(text) {
            self = .bcrypt(hash)
        } else if let hash = PBKDF2Hash(text) {
            self = .pbkdf2(hash)
        } else {
            return nil
        }
    }

    /// The names that hashes begin with, those included that cannot be verified.
    private static let schemes: Set<RawText> = [
        "argon2", "argon2i", "argon2d", "argon2id", "s0", "scrypt", "2", "2a", "2b", "2x", "2y", "pbkdf2", "1", "5",
        "6",
        "y", "7",
    ]

    /// Whether a text starts as a hash does, so that it is no password that somebody chose.
    public static func isMeant(by text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "$"), let id = text.raw.dropFirst().cut(at: "$")?.before else {
            return false
        }
        return schemes.contains(id) || id.starts(with: "pbkdf2-")
    }

    /// Whether it is what a new hash would be; any other is replaced when its owner signs in.
    public var isCurrent: Bool {
        if case .argon2id(let hash) = self { hash.isCurrent } else { false }
    }

    /// Whether a password is the one that was hashed; slow, so not for a request's own thread.
    public func matches(_ password: Secret) -> Bool {
        switch self {
        case .argon2id(let hash): hash.matches(password)
        case .scrypt(let hash): hash.matches(password)
        case .bcrypt(let hash): hash.matches(password)
        case .pbkdf2(let hash): hash.matches(password)
        }
    }
}
