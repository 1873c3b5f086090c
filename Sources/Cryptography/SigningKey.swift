// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit
import Synchronization

/// A P-256 key pair that signs and verifies with ES256 (RFC 7518 section 3.4).
public final class SigningKey: Sendable {
    /// The key's `alg`.
    public let algorithm = "ES256"
    /// The key's RFC 7638 thumbprint.
    public let id: String
    /// The public half with `kid`, `use` and `alg` (RFC 7517).
    public let publicJWK: JSON

    private nonisolated(unsafe) let key: OpaquePointer
    /// Contexts that are ready to sign; making one costs as much as a fifth of a signature.
    private let contexts = Mutex<[Context]>([])

    private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private init(owning key: OpaquePointer) throws {
        self.key = key
        var point = [UInt8](repeating: 0, count: 65)
        var length = 0
        guard EVP_PKEY_get_octet_string_param(key, "pub", &point, point.count, &length) == 1, length == 65,
            point[0] == 4
        else { throw CryptographyError("the key is not an uncompressed P-256 point") }
        let jwk: JSON = [
            "crv": "P-256", "kty": "EC", "x": .string(Base64URL.encode(Array(point[1..<33]))),
            "y": .string(Base64URL.encode(Array(point[33..<65]))),
        ]
        // RFC 7638 section 3.2: the required members in lexicographic order, which is how they stand here.
        id = Base64URL.encode(Digest.sha256(jwk.bytes))
        publicJWK = .object(
            jwk.members + [.init("kid", .string(id)), .init("use", "sig"), .init("alg", .string(algorithm))])
    }

    deinit {
        contexts.withLock { for context in $0 { EVP_PKEY_CTX_free(context.pointer) } }
        EVP_PKEY_free(key)
    }

    /// Makes a new key.
    ///
    /// - Throws: `CryptographyError`.
    public static func generate() throws -> SigningKey {
        let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw CryptographyError("a P-256 key could not be generated") }
        return try SigningKey(owning: key)
    }

    /// Reads an unencrypted private key.
    ///
    /// - Parameter pem: The key as PKCS#8 PEM (RFC 7468 section 10).
    /// - Throws: `CryptographyError` if it is anything else than a P-256 key whose halves match.
    public convenience init(pem: Secret) throws {
        let bytes = Array(pem.exposed.utf8)
        let input = BIO_new_mem_buf(bytes, Int32(bytes.count))
        defer { BIO_free(input) }
        // Without a callback OpenSSL would ask for a passphrase on the terminal.
        guard let key = PEM_read_bio_PrivateKey(input, nil, { _, _, _, _ in -1 }, nil) else {
            throw CryptographyError("no unencrypted private key in PEM")
        }
        do {
            try SigningKey.check(key)
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
        try self.init(owning: key)
    }

    private static func check(_ key: OpaquePointer) throws {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_is_a(key, "EC") == 1, EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1,
            name.withUnsafeBytes({ $0.prefix(length).elementsEqual("prime256v1".utf8) })
        else { throw CryptographyError("the key is not on the curve P-256, which ES256 needs") }
        let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil)
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_pairwise_check(context) == 1 else {
            throw CryptographyError("the private and the public half of the key do not match")
        }
    }

    /// The private key as PKCS#8 PEM.
    ///
    /// - Throws: `CryptographyError`.
    public func privatePEM() throws -> Secret {
        let output = BIO_new(BIO_s_mem())
        defer { BIO_free(output) }
        guard PEM_write_bio_PKCS8PrivateKey(output, key, nil, nil, 0, nil, nil) == 1 else {
            throw CryptographyError("the key could not be written")
        }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        BIO_read(output, &bytes, Int32(bytes.count))
        return Secret(String(decoding: bytes, as: UTF8.self))
    }

    /// Signs a message.
    ///
    /// - Returns: The 64 bytes of R and S (RFC 7518 section 3.4).
    /// - Throws: `CryptographyError`.
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        let context = try takeContext()
        defer { contexts.withLock { $0.append(context) } }
        let digest = Digest.sha256(message)
        var encoded = [UInt8](repeating: 0, count: 80)
        var length = encoded.count
        guard EVP_PKEY_sign(context.pointer, &encoded, &length, digest, digest.count) == 1 else {
            throw CryptographyError("signing failed")
        }
        return try SigningKey.fixedWidth(encoded, length)
    }

    private func takeContext() throws -> Context {
        if let context = contexts.withLock({ $0.popLast() }) { return context }
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil), EVP_PKEY_sign_init(context) == 1 else {
            throw CryptographyError("no context to sign with")
        }
        return Context(pointer: context)
    }

    private static func fixedWidth(_ encoded: [UInt8], _ length: Int) throws -> [UInt8] {
        let signature = encoded.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &start, length)
        }
        guard let signature else { throw CryptographyError("OpenSSL made an unreadable signature") }
        defer { ECDSA_SIG_free(signature) }
        var fixed = [UInt8](repeating: 0, count: 64)
        fixed.withUnsafeMutableBufferPointer { buffer in
            BN_bn2binpad(ECDSA_SIG_get0_r(signature), buffer.baseAddress, 32)
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), buffer.baseAddress.map { $0 + 32 }, 32)
        }
        return fixed
    }

    /// Whether 64 bytes are this key's signature of a message.
    func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == 64, let encoded = SigningKey.distinguished(signature),
            let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil)
        else { return false }
        defer {
            EVP_PKEY_CTX_free(context)
            ERR_clear_error()
        }
        let digest = Digest.sha256(message)
        return EVP_PKEY_verify_init(context) == 1
            && EVP_PKEY_verify(context, encoded, encoded.count, digest, digest.count) == 1
    }

    private static func distinguished(_ signature: [UInt8]) -> [UInt8]? {
        guard let pair = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(pair) }
        let halves = signature.withUnsafeBufferPointer { buffer in
            (BN_bin2bn(buffer.baseAddress, 32, nil), BN_bin2bn(buffer.baseAddress.map { $0 + 32 }, 32, nil))
        }
        // On success the pair owns both numbers.
        guard ECDSA_SIG_set0(pair, halves.0, halves.1) == 1 else { return nil }
        var encoded = [UInt8](repeating: 0, count: 80)
        let length = encoded.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return i2d_ECDSA_SIG(pair, &start)
        }
        return length > 0 ? Array(encoded.prefix(Int(length))) : nil
    }
}
