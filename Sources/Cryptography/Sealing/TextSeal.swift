// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit

/// AES-256-GCM with a separate key for every text (NIST SP 800-38D).
///
/// The key is derived from a random salt, so no two strings use the same key and nonce, however many there are.
enum TextSeal {
    private static let saltLength = 16
    private static let tagLength = 16
    /// Fixed, since each key seals only one text.
    private static let nonce = [UInt8](repeating: 0, count: 12)

    private static func key(_ secret: [UInt8], _ purpose: String, _ salt: some Sequence<UInt8>) -> [UInt8] {
        // Derived from a separate key for sealing, so that no MAC can equal the key of a string.
        Digest.hmac(Array("\(purpose)\u{0}".utf8) + salt, key: Digest.hmac(Array("seal".utf8), key: secret))
    }

    /// Seals a string.
    ///
    /// - Returns: The salt, the ciphertext and the tag.
    static func seal(_ text: [UInt8], under secret: [UInt8], purpose: String) throws -> [UInt8] {
        // Safe: GCM writes as many bytes as it reads; key, nonce and tag have the lengths of the algorithm.
        let salt = Digest.random(saltLength)
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var (length, rest): (Int32, Int32) = (0, 0)
        var sealed = [UInt8](repeating: 0, count: text.count + 16)
        var tag = [UInt8](repeating: 0, count: tagLength)
        guard unsafe EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key(secret, purpose, salt), nonce) == 1,
            unsafe EVP_EncryptUpdate(context, &sealed, &length, text, Int32(text.count)) == 1,
            unsafe EVP_EncryptFinal_ex(context, &tag, &rest) == 1, rest == 0,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { throw CryptographyError("a string could not be sealed") }
        return salt + sealed.prefix(Int(length)) + tag
    }

    /// Opens a string; nil if it was changed, or sealed under another key or for another purpose.
    static func open(_ sealed: [UInt8], under secret: [UInt8], purpose: String) -> [UInt8]? {
        // Safe: GCM writes as many bytes as it reads; the length is checked here.
        guard sealed.count >= saltLength + tagLength else { return nil }
        let salt = sealed.prefix(saltLength)
        let body = Array(sealed.dropFirst(saltLength).dropLast(tagLength))
        var tag = Array(sealed.suffix(tagLength))
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var (length, rest): (Int32, Int32) = (0, 0)
        var text = [UInt8](repeating: 0, count: body.count + 16)
        var end = [UInt8](repeating: 0, count: 16)
        guard unsafe EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key(secret, purpose, salt), nonce) == 1,
            unsafe EVP_DecryptUpdate(context, &text, &length, body, Int32(body.count)) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            unsafe EVP_DecryptFinal_ex(context, &end, &rest) == 1, rest == 0
        else { return nil }
        return Array(text.prefix(Int(length)))
    }
}

extension ServerKeyRing {
    /// The maximum length in bytes of a sealed text to open.
    private static let longestSealed = 64 * 1024

    /// Seals a string under a key of the ring, whose id precedes the sealed text.
    public func seal(_ text: String, purpose: String) throws -> String {
        guard let key = macKeys.first else { throw CryptographyError("there is no key to seal with") }
        let sealed = try TextSeal.seal(Array(text.utf8), under: key.bytes, purpose: purpose)
        return "\(key.id).\(Base64URL.encode(sealed))"
    }

    /// Opens a string that one of the ring's keys sealed for a purpose; nil if it did not.
    public func open(_ sealed: String, purpose: String) -> String? {
        let parts = sealed.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 2, sealed.utf8.count <= ServerKeyRing.longestSealed,
            let key = macKeys.first(where: { $0.id.utf8.elementsEqual(parts[0]) }),
            let bytes = Base64URL.decode(parts[1]),
            let text = TextSeal.open(bytes, under: key.bytes, purpose: purpose)
        else { return nil }
        return String(validating: text, as: UTF8.self)
    }
}
