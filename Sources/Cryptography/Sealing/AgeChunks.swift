// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit

/// ChaCha20-Poly1305 (RFC 8439) over the chunks of a file in the age format, of which the last is marked.
struct AgeChunks {
    /// The length of every chunk but the last, without its tag.
    static let length = 64 << 10
    static let tagLength = 16

    private let key: [UInt8]
    private var count: UInt64 = 0

    init(key: [UInt8]) {
        self.key = key
    }

    /// Seals the next chunk.
    ///
    /// - Throws: `CryptographyError`.
    mutating func seal(_ plain: [UInt8], isLast: Bool) throws -> [UInt8] {
        try AgeChunks.seal(plain, key: key, nonce: nextNonce(isLast: isLast))
    }

    /// Opens the next chunk; nil if it was changed, moved, or is not the last as it should be.
    mutating func open(_ sealed: [UInt8], isLast: Bool) -> [UInt8]? {
        AgeChunks.open(sealed, key: key, nonce: nextNonce(isLast: isLast))
    }

    /// The number of the chunk in eleven bytes, and whether it is the last.
    private mutating func nextNonce(isLast: Bool) -> [UInt8] {
        defer { count &+= 1 }
        let number = (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * UInt64($0))) }
        return [0, 0, 0] + number + [isLast ? 1 : 0]
    }

    /// Seals bytes.
    ///
    /// - Throws: `CryptographyError`.
    static func seal(_ plain: [UInt8], key: [UInt8], nonce: [UInt8]) throws -> [UInt8] {
        // Safe: the cipher writes as many bytes as it reads; key, nonce and tag have the lengths of the algorithm.
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var (length, rest): (Int32, Int32) = (0, 0)
        var sealed = [UInt8](repeating: 0, count: plain.count + tagLength)
        var tag = [UInt8](repeating: 0, count: tagLength)
        guard key.count == 32, nonce.count == 12,
            unsafe EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), nil, key, nonce) == 1,
            unsafe EVP_EncryptUpdate(context, &sealed, &length, plain, Int32(plain.count)) == 1,
            unsafe EVP_EncryptFinal_ex(context, &tag, &rest) == 1, rest == 0, Int(length) == plain.count,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagLength), &tag) == 1
        else { throw CryptographyError("a part of a file could not be sealed") }
        return sealed.prefix(plain.count) + tag
    }

    /// Opens bytes; nil if they were changed or sealed otherwise.
    static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8]) -> [UInt8]? {
        // Safe: the cipher writes as many bytes as it reads; the lengths are checked here.
        guard sealed.count >= tagLength, key.count == 32, nonce.count == 12 else { return nil }
        let body = Array(sealed.dropLast(tagLength))
        var tag = Array(sealed.suffix(tagLength))
        let context = unsafe EVP_CIPHER_CTX_new()
        defer {
            unsafe EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        var (length, rest): (Int32, Int32) = (0, 0)
        var plain = [UInt8](repeating: 0, count: body.count + tagLength)
        var end = [UInt8](repeating: 0, count: tagLength)
        guard unsafe EVP_DecryptInit_ex(context, EVP_chacha20_poly1305(), nil, key, nonce) == 1,
            unsafe EVP_DecryptUpdate(context, &plain, &length, body, Int32(body.count)) == 1,
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagLength), &tag) == 1,
            unsafe EVP_DecryptFinal_ex(context, &end, &rest) == 1, rest == 0
        else { return nil }
        return Array(plain.prefix(Int(length)))
    }
}
