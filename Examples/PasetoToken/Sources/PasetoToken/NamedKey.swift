// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A key with the name by which tokens say that it has signed them.
struct NamedKey: Sendable {
    private static let prefix = "k4.public."

    let key: Ed25519Key
    /// The public half, as PASERK writes it.
    let shown: String
    /// The footer of all tokens that it has signed.
    let footer: [UInt8]

    private init(_ key: Ed25519Key, _ cryptography: any CryptographyService) {
        self.key = key
        shown = NamedKey.prefix + Base64URL.encode(key.publicHalf)
        let name: JSON = ["kid": .string(cryptography.digest(shown))]
        footer = name.bytes
    }

    /// Reads the seed of a key that signs; nil unless it is 32 bytes in base64url.
    init?(seed: Secret, _ cryptography: any CryptographyService) {
        guard let bytes = Base64URL.decode(seed.exposed.utf8), let key = Ed25519Key(bytes, .seed) else { return nil }
        self.init(key, cryptography)
    }

    /// Reads a key that only verifies, in the form of `shown`.
    init?(shown text: String, _ cryptography: any CryptographyService) {
        guard text.utf8.starts(with: NamedKey.prefix.utf8),
            let bytes = Base64URL.decode(text.utf8.dropFirst(NamedKey.prefix.utf8.count)),
            let key = Ed25519Key(bytes, .publicHalf)
        else { return nil }
        self.init(key, cryptography)
    }
}
