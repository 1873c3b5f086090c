// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit
import Synchronization

/// A private key with the one algorithm that it signs with.
public final class SigningKey: Sendable {
    /// The key's `alg`.
    public let algorithm: String
    /// The key's RFC 7638 thumbprint.
    public let id: String
    /// The public half with `kid`, `use` and `alg` (RFC 7517).
    public let publicJWK: JSON

    let signatureAlgorithm: SignatureAlgorithm
    /// The key, of which only the public half is here if hardware holds the other.
    let key: AsymmetricKey
    let hardware: HardwareKey?
    /// Contexts that are ready to sign; making one costs as much as a fifth of a signature.
    private let contexts = Mutex<[Context]>([])

    private struct Context: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    init(_ key: AsymmetricKey, _ algorithm: SignatureAlgorithm, hardware: HardwareKey? = nil) {
        self.key = key
        self.hardware = hardware
        signatureAlgorithm = algorithm
        self.algorithm = algorithm.rawValue
        id = key.thumbprint
        publicJWK = .object(
            key.publicMembers.members + [
                .init("kid", .string(id)), .init("use", "sig"), .init("alg", .string(algorithm.rawValue)),
            ])
    }

    deinit {
        contexts.withLock { for context in $0 { EVP_PKEY_CTX_free(context.pointer) } }
    }

    // MARK: make

    /// Makes a new key; one of RSA takes some tenths of a second.
    ///
    /// - Throws: `CryptographyError`.
    public static func generate(_ algorithm: SignatureAlgorithm = .es256) throws -> SigningKey {
        let name =
            switch algorithm.scheme {
            case .ecdsa: "EC"
            case .pkcs1, .pss: "RSA"
            case .edDSA: "ED25519"
            case .hmac: throw CryptographyError(found: "'\(algorithm.rawValue)' has no key pair")
            }
        let context = EVP_PKEY_CTX_new_from_name(nil, name, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, prepare(context, algorithm), EVP_PKEY_generate(context, &key) == 1,
            let key
        else { throw CryptographyError("a key for '\(algorithm.rawValue)' could not be generated") }
        return SigningKey(try AsymmetricKey(owning: key), algorithm)
    }

    private static func prepare(_ context: OpaquePointer?, _ algorithm: SignatureAlgorithm) -> Bool {
        switch algorithm.scheme {
        case .ecdsa(let curve): EVP_PKEY_CTX_set_group_name(context, curve.group) == 1
        case .pkcs1, .pss: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1
        default: true
        }
    }

    // MARK: sign

    /// Signs a message.
    ///
    /// - Returns: The signature in the form of JOSE: of ECDSA R and S in fixed width (RFC 7518 section 3.4).
    /// - Throws: `CryptographyError`.
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        if signatureAlgorithm == .edDSA { return try signEdDSA(message) }
        let context = try takeContext()
        defer { contexts.withLock { $0.append(context) } }
        let digest = signatureAlgorithm.hash.digest(message)
        var signature = [UInt8](repeating: 0, count: max(144, (key.modulusBits + 7) / 8))
        var length = signature.count
        guard EVP_PKEY_sign(context.pointer, &signature, &length, digest, digest.count) == 1 else {
            throw CryptographyError("signing failed")
        }
        if case .ecdsa(let curve) = signatureAlgorithm.scheme {
            return try ECDSASignature.fixedWidth(signature, length, curve.width)
        }
        signature.removeLast(signature.count - length)
        return signature
    }

    private func takeContext() throws -> Context {
        if let context = contexts.withLock({ $0.popLast() }) { return context }
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil), EVP_PKEY_sign_init(context) == 1,
            AsymmetricKey.setPadding(context, signatureAlgorithm)
        else { throw CryptographyError("no context to sign with") }
        return Context(pointer: context)
    }

    /// Ed25519 takes the message and no digest, which OpenSSL offers in this way alone.
    private func signEdDSA(_ message: [UInt8]) throws -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1,
            EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
        else { throw CryptographyError("signing failed") }
        return signature
    }

    /// Whether some bytes are this key's signature of a message.
    func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        key.verify(signature, of: message, by: signatureAlgorithm)
    }
}
