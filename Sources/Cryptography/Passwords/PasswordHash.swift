// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import OutsideText

/// A slow hash of a password, in any format that the server can verify.
public enum PasswordHash: Sendable {
    /// Argon2id, the hash of new passwords.
    case argon2id(Argon2Hash)
    /// An imported scrypt hash, as Aidbox writes it.
    case scrypt(ScryptHash)
    /// An imported bcrypt hash.
    case bcrypt(BcryptHash)
    /// An imported PBKDF2 hash.
    case pbkdf2(PBKDF2Hash)

    /// Parses a hash; nil if its format is unknown or it is too costly to verify.
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

    /// The names with which hashes start, including those that the server cannot verify.
    private static let schemes: Set<RawText> = [
        "argon2", "argon2i", "argon2d", "argon2id", "s0", "scrypt", "2", "2a", "2b", "2x", "2y", "pbkdf2", "1", "5",
        "6",
        "y", "7",
    ]

    /// Whether a string starts like a hash, so that it is not meant as a password.
    public static func isMeant(by text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "$"), let id = text.raw.dropFirst().cut(at: "$")?.before else {
            return false
        }
        return schemes.contains(id) || id.starts(with: "pbkdf2-")
    }

    /// Whether the hash is as strong as a new one; a weaker one is replaced when its owner signs in.
    public var isCurrent: Bool {
        if case .argon2id(let hash) = self { hash.isCurrent } else { false }
    }

    /// Whether a password matches the hash; slow, so never call it on a thread that serves requests.
    public func matches(_ password: Secret) -> Bool {
        switch self {
        case .argon2id(let hash): hash.matches(password)
        case .scrypt(let hash): hash.matches(password)
        case .bcrypt(let hash): hash.matches(password)
        case .pbkdf2(let hash): hash.matches(password)
        }
    }
}
