// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Signs with one key.
@safe final class SigningContexts: Sendable {
    private let algorithm: SignatureAlgorithm
    private nonisolated(unsafe) let key: OpaquePointer
    /// The provider that holds the key, if it is not OpenSSL's default one; the contexts keep it too.
    private let provider: LoadedProvider?
    /// The maximum length of a signature; for ECDSA, in OpenSSL's format.
    private let longest: Int
    private let contexts: KeyContexts

    /// Creates contexts for a key and takes a reference to it.
    init(_ key: OpaquePointer, _ algorithm: SignatureAlgorithm, provider: LoadedProvider? = nil) {
        // Safe: this object keeps a reference to the key, one thread at a time uses a context, and OpenSSL is told the
        // lengths of all buffers.
        unsafe EVP_PKEY_up_ref(key)
        unsafe (self.key, self.algorithm, self.provider) = unsafe (key, algorithm, provider)
        longest = unsafe max(144, Int(EVP_PKEY_get_size(key)))
        contexts = KeyContexts(keeping: provider)
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Signs a message.
    ///
    /// - Returns: The signature in the format of JOSE; for ECDSA, R and S in fixed width (RFC 7518 section 3.4).
    /// - Throws: `CryptographyError`.
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        if algorithm == .edDSA { return try signEdDSA(message) }
        let digest = algorithm.hash.digest(message)
        var signature = [UInt8](repeating: 0, count: longest)
        let length = try unsafe contexts.use(context) { context in
            var length = signature.count
            let isSigned = unsafe EVP_PKEY_sign(context, &signature, &length, digest, digest.count) == 1
            return isSigned && length <= signature.count ? length : nil
        }
        guard let length else { throw CryptographyError("the key failed to sign") }
        if case .ecdsa(let curve) = algorithm.scheme {
            return try ECDSASignature.fixedWidth(signature, length, curve.width)
        }
        signature.removeLast(signature.count - length)
        return signature
    }

    private func context() throws -> OpaquePointer {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(provider?.library, key, nil) else {
            throw CryptographyError("a context for signing could not be created")
        }
        guard unsafe EVP_PKEY_sign_init(context) == 1, unsafe AsymmetricKey.setPadding(context, algorithm) else {
            unsafe EVP_PKEY_CTX_free(context)
            throw CryptographyError("the key cannot sign with '\(algorithm.rawValue)'")
        }
        return unsafe context
    }

    /// Signs with Ed25519, which takes the message rather than a digest and has no other interface in OpenSSL.
    private func signEdDSA(_ message: [UInt8]) throws -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        guard unsafe EVP_DigestSignInit_ex(context, nil, nil, provider?.library, nil, key, nil) == 1,
            unsafe EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
        else { throw CryptographyError("the key failed to sign") }
        return signature
    }
}
