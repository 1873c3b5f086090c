// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit

/// A private key with its signature algorithm.
public final class SigningKey: Sendable {
    /// The key's `alg`.
    public let algorithm: String
    /// The key's RFC 7638 thumbprint.
    public let id: String
    /// The public half with `kid`, `use` and `alg` (RFC 7517).
    public let publicJWK: JSON

    let signatureAlgorithm: SignatureAlgorithm
    /// The key; only its public half, if hardware holds the private one.
    let key: AsymmetricKey
    let hardware: HardwareKey?
    private let contexts: SigningContexts

    init(_ key: AsymmetricKey, _ algorithm: SignatureAlgorithm, hardware: HardwareKey? = nil) {
        self.key = key
        self.hardware = hardware
        signatureAlgorithm = algorithm
        contexts = unsafe SigningContexts(key.pointer, algorithm)
        self.algorithm = algorithm.rawValue
        id = key.thumbprint
        publicJWK = .object(
            key.publicMembers.members + [
                .init("kid", .string(id)), .init("use", "sig"), .init("alg", .string(algorithm.rawValue)),
            ])
    }

    // MARK: generating

    /// Generates a key; an RSA key takes some tenths of a second.
    ///
    /// - Throws: `CryptographyError`.
    public static func generate(_ algorithm: SignatureAlgorithm = .es256) throws -> SigningKey {
        // A command would take an id that begins with a hyphen for an option.
        while true {
            let key = try generateAny(algorithm)
            if key.id.utf8.first != UInt8(ascii: "-") { return key }
        }
    }

    private static func generateAny(_ algorithm: SignatureAlgorithm) throws -> SigningKey {
        // Safe: the context is freed at the end, and the returned object owns the key.
        let name =
            switch algorithm.scheme {
            case .ecdsa: "EC"
            case .pkcs1, .pss: "RSA"
            case .edDSA: "ED25519"
            case .hmac: throw CryptographyError(found: "'\(algorithm.rawValue)' has no key pair")
            }
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1, unsafe prepare(context, algorithm),
            unsafe EVP_PKEY_generate(context, &key) == 1,
            let key = unsafe key
        else { throw CryptographyError("a key for '\(algorithm.rawValue)' could not be generated") }
        return unsafe SigningKey(try AsymmetricKey(owning: key), algorithm)
    }

    private static func prepare(_ context: OpaquePointer?, _ algorithm: SignatureAlgorithm) -> Bool {
        switch algorithm.scheme {
        case .ecdsa(let curve): unsafe EVP_PKEY_CTX_set_group_name(context, curve.group) == 1
        case .pkcs1, .pss: unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1
        default: true
        }
    }

    // MARK: signing

    /// Signs a message.
    ///
    /// - Returns: The signature in the format of JOSE; for ECDSA, R and S in fixed width (RFC 7518 section 3.4).
    /// - Throws: `CryptographyError`.
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        try contexts.sign(message)
    }

    /// Whether a signature of a message was made with this key.
    func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        key.verify(signature, of: message, by: signatureAlgorithm)
    }
}
