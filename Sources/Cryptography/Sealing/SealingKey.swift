// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit
import OutsideText

/// An operator's key that seals private keys in the store with AES-256-GCM (NIST SP 800-38D).
public struct SealingKey: Sendable {
    /// The key's id, which reveals nothing about the key.
    public let id: String
    private let bytes: [UInt8]

    /// Parses a key; nil if it is not 32 bytes in hexadecimal, base64 or base64url.
    public init?(_ text: Secret) {
        guard let bytes = SealingKey.decode(text.exposed), bytes.count == 32 else { return nil }
        self.bytes = bytes
        id = Base64URL.encode(Array(Digest.hmac(Array("grantor sealing key".utf8), key: bytes).prefix(6)))
    }

    private static func decode(_ text: String) -> [UInt8]? {
        let text = text.utf8.filter { $0 != 0x20 && !(0x09...0x0D ~= $0) }
        guard text.count == 64 else { return Base64URL.decode(either: text) }
        let digits = text.compactMap(ASCII.hexadecimal)
        guard digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Seals a string for one place, so that it cannot be opened in another.
    ///
    /// - Throws: `CryptographyError`.
    func seal(_ text: Secret, for place: String) throws -> SealedText {
        // Safe: GCM writes as many bytes as it reads; key, nonce and tag have the lengths of the algorithm.
        let nonce = Digest.random(12)
        let plain = Array(text.exposed.utf8)
        var (sealed, tag) = ([UInt8](repeating: 0, count: plain.count), [UInt8](repeating: 0, count: 16))
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var length: Int32 = 0
        let place = Array(place.utf8)
        guard unsafe EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, bytes, nonce) == 1,
            unsafe EVP_EncryptUpdate(context, nil, &length, place, Int32(place.count)) == 1,
            unsafe EVP_EncryptUpdate(context, &sealed, &length, plain, Int32(plain.count)) == 1, length == plain.count,
            unsafe EVP_EncryptFinal_ex(context, nil, &length) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag) == 1
        else { throw CryptographyError("a key could not be sealed") }
        return SealedText(key: id, nonce: nonce, text: sealed + tag)
    }

    /// Opens a string; nil if it was not sealed under this key for this place.
    func open(_ sealed: SealedText, for place: String) -> Secret? {
        // Safe: GCM writes as many bytes as it reads; the lengths of nonce and tag are checked here.
        guard sealed.key == id, sealed.nonce.count == 12, sealed.text.count >= 16 else { return nil }
        let body = Array(sealed.text.dropLast(16))
        var (plain, tag) = ([UInt8](repeating: 0, count: body.count), Array(sealed.text.suffix(16)))
        let context = unsafe EVP_CIPHER_CTX_new()
        defer {
            unsafe EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        var length: Int32 = 0
        let place = Array(place.utf8)
        guard unsafe EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, bytes, sealed.nonce) == 1,
            unsafe EVP_DecryptUpdate(context, nil, &length, place, Int32(place.count)) == 1,
            unsafe EVP_DecryptUpdate(context, &plain, &length, body, Int32(body.count)) == 1, length == body.count,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1,
            unsafe EVP_DecryptFinal_ex(context, nil, &length) == 1
        else { return nil }
        return Secret(String(decoding: plain, as: UTF8.self))
    }
}
