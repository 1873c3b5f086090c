// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit

/// A key of the operator under which private keys stand in the store: AES-256-GCM (NIST SP 800-38D).
public struct SealingKey: Sendable {
    /// Names the key without telling anything of it.
    public let id: String
    private let bytes: [UInt8]

    /// Reads a key, or gives nil if it is not 32 bytes in hexadecimal, base64 or base64url.
    public init?(_ text: Secret) {
        guard let bytes = SealingKey.decode(text.exposed), bytes.count == 32 else { return nil }
        self.bytes = bytes
        id = Base64URL.encode(Array(Digest.hmac(Array("grantor sealing key".utf8), key: bytes).prefix(6)))
    }

    private static func decode(_ text: String) -> [UInt8]? {
        let text = text.utf8.filter { $0 != 0x20 && !(0x09...0x0D ~= $0) }
        guard text.count == 64 else { return Base64URL.decode(either: text) }
        let digits = text.compactMap(digit)
        guard digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Seals a text for one place, so that it opens nowhere else.
    ///
    /// - Throws: `CryptographyError`.
    func seal(_ text: Secret, for place: String) throws -> SealedText {
        let nonce = Digest.random(12)
        let plain = Array(text.exposed.utf8)
        var (sealed, tag) = ([UInt8](repeating: 0, count: plain.count), [UInt8](repeating: 0, count: 16))
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var length: Int32 = 0
        let place = Array(place.utf8)
        guard EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, bytes, nonce) == 1,
            EVP_EncryptUpdate(context, nil, &length, place, Int32(place.count)) == 1,
            EVP_EncryptUpdate(context, &sealed, &length, plain, Int32(plain.count)) == 1, length == plain.count,
            EVP_EncryptFinal_ex(context, nil, &length) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1
        else { throw CryptographyError("a key could not be sealed") }
        return SealedText(key: id, nonce: nonce, text: sealed + tag)
    }

    /// Opens what was sealed under this key for a place, or gives nil.
    func open(_ sealed: SealedText, for place: String) -> Secret? {
        guard sealed.key == id, sealed.nonce.count == 12, sealed.text.count >= 16 else { return nil }
        let body = Array(sealed.text.dropLast(16))
        var (plain, tag) = ([UInt8](repeating: 0, count: body.count), Array(sealed.text.suffix(16)))
        let context = EVP_CIPHER_CTX_new()
        defer {
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        var length: Int32 = 0
        let place = Array(place.utf8)
        guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, bytes, sealed.nonce) == 1,
            EVP_DecryptUpdate(context, nil, &length, place, Int32(place.count)) == 1,
            EVP_DecryptUpdate(context, &plain, &length, body, Int32(body.count)) == 1, length == body.count,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1,
            EVP_DecryptFinal_ex(context, nil, &length) == 1
        else { return nil }
        return Secret(String(decoding: plain, as: UTF8.self))
    }
}

/// What stands in the store of a sealed text.
struct SealedText: Sendable, Hashable {
    /// The id of the key that opens it.
    var key: String
    var nonce: [UInt8]
    /// The ciphertext and its tag.
    var text: [UInt8]
}

/// A private text as it stands in the store.
enum StoredSecret: Sendable, Hashable {
    case open(Secret)
    case sealed(SealedText)

    /// The id of the key that opens it, or nil if it stands open.
    var sealedUnder: String? {
        if case .sealed(let sealed) = self { sealed.key } else { nil }
    }

    var json: JSON {
        switch self {
        case .open(let text): .string(text.exposed)
        case .sealed(let sealed):
            [
                "sealed_under": .string(sealed.key), "nonce": .string(Base64URL.encode(sealed.nonce)),
                "text": .string(Base64URL.encode(sealed.text)),
            ]
        }
    }

    init?(_ json: JSON?) {
        if let text = json?.string {
            self = .open(Secret(text))
        } else {
            guard let key = json?["sealed_under"]?.string,
                let nonce = Base64URL.decode((json?["nonce"]?.string ?? "").utf8),
                let text = Base64URL.decode((json?["text"]?.string ?? "").utf8)
            else { return nil }
            self = .sealed(SealedText(key: key, nonce: nonce, text: text))
        }
    }
}

/// The keys of the operator: the first one seals, all of them open.
public struct Sealing: Sendable {
    private let keys: [SealingKey]

    /// Uses keys; without any, what is kept stays open.
    public init(_ keys: [SealingKey] = []) {
        self.keys = keys
    }

    func protect(_ text: Secret, for place: String) throws -> StoredSecret {
        try keys.first.map { .sealed(try $0.seal(text, for: place)) } ?? .open(text)
    }

    func reveal(_ secret: StoredSecret, for place: String) throws -> Secret {
        switch secret {
        case .open(let text): return text
        case .sealed(let sealed):
            guard let key = keys.first(where: { $0.id == sealed.key }) else {
                throw StoreError(
                    "the key '\(place)' in the store is sealed under '\(sealed.key)': add that key to 'keys.seal'")
            }
            guard let text = key.open(sealed, for: place) else {
                throw StoreError("the key '\(place)' in the store was changed: its seal does not hold")
            }
            return text
        }
    }
}
