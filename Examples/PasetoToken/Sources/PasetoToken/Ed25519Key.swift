// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A key for Ed25519 signatures (RFC 8032 section 5.1) in OpenSSL.
///
/// This is the only file that handles memory itself.
@safe final class Ed25519Key: Sendable {
    enum Half {
        /// The 32 bytes from which both halves are computed.
        case seed
        case publicHalf
    }

    /// The public half, 32 bytes.
    let publicHalf: [UInt8]
    private nonisolated(unsafe) let key: OpaquePointer

    /// Makes a key from its seed, with which it can sign, or from its public half; nil unless there are 32 bytes.
    init?(_ bytes: [UInt8], _ half: Half) {
        // Safe: this object owns the key and frees it in 'deinit'; OpenSSL is told the lengths of all buffers.
        let made =
            unsafe half == .seed
            ? EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, bytes, bytes.count)
            : EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, bytes, bytes.count)
        defer { ERR_clear_error() }
        guard let key = unsafe made else { return nil }
        guard let publicHalf = unsafe Ed25519Key.publicHalf(of: key) else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        self.publicHalf = publicHalf
        unsafe self.key = unsafe key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    private static func publicHalf(of key: OpaquePointer) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 32)
        var length = bytes.count
        guard unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == 32 else { return nil }
        return bytes
    }

    /// Signs a message; nil if the key has no private half.
    func sign(_ message: [UInt8]) -> [UInt8]? {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        guard unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            unsafe EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
        else { return nil }
        return signature
    }

    func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard signature.count == 64, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        return unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
