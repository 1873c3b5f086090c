// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Synchronization

/// Signs with one key; contexts that are ready are kept, since making one costs as much as a fifth of a signature.
@safe final class SigningContexts: Sendable {
    private let algorithm: SignatureAlgorithm
    private nonisolated(unsafe) let key: OpaquePointer
    /// What holds the key, if it is not OpenSSL's default provider; it has to outlive the contexts.
    private let provider: LoadedProvider?
    /// The longest signature; of ECDSA in OpenSSL's form.
    private let longest: Int
    private let ready = Mutex<[Context]>([])

    @safe private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Signs with a key that may be freed meanwhile.
    init(_ key: OpaquePointer, _ algorithm: SignatureAlgorithm, provider: LoadedProvider? = nil) {
        // The key is held until this object goes; a context is used by one thread at a time. OpenSSL writes no more
        // than the lengths that it is told.
        unsafe EVP_PKEY_up_ref(key)
        unsafe (self.key, self.algorithm, self.provider) = unsafe (key, algorithm, provider)
        longest = unsafe max(144, Int(EVP_PKEY_get_size(key)))
    }

    deinit {
        ready.withLock { for context in $0 { unsafe EVP_PKEY_CTX_free(context.pointer) } }
        unsafe EVP_PKEY_free(key)
    }

    /// Signs a message.
    ///
    /// - Returns: The signature in the form of JOSE: of ECDSA R and S in fixed width (RFC 7518 section 3.4).
    /// - Throws: `CryptographyError`.
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        if algorithm == .edDSA { return try signEdDSA(message) }
        let context = try readyContext()
        let digest = algorithm.hash.digest(message)
        var signature = [UInt8](repeating: 0, count: longest)
        var length = signature.count
        guard unsafe EVP_PKEY_sign(context.pointer, &signature, &length, digest, digest.count) == 1,
            length <= signature.count
        else {
            unsafe EVP_PKEY_CTX_free(context.pointer)
            throw CryptographyError("the key did not sign")
        }
        ready.withLock { $0.append(context) }
        if case .ecdsa(let curve) = algorithm.scheme {
            return try ECDSASignature.fixedWidth(signature, length, curve.width)
        }
        signature.removeLast(signature.count - length)
        return signature
    }

    private func readyContext() throws -> Context {
        if let context = ready.withLock({ $0.popLast() }) { return context }
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(provider?.library, key, nil) else {
            throw CryptographyError("no context to sign with")
        }
        guard unsafe EVP_PKEY_sign_init(context) == 1, unsafe AsymmetricKey.setPadding(context, algorithm) else {
            unsafe EVP_PKEY_CTX_free(context)
            throw CryptographyError("the key does not sign with '\(algorithm.rawValue)'")
        }
        return unsafe Context(pointer: context)
    }

    /// Ed25519 takes the message and no digest, which OpenSSL offers in this way alone.
    private func signEdDSA(_ message: [UInt8]) throws -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        guard unsafe EVP_DigestSignInit_ex(context, nil, nil, provider?.library, nil, key, nil) == 1,
            unsafe EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
        else { throw CryptographyError("the key did not sign") }
        return signature
    }
}
