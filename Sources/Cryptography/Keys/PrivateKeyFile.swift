// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit
import OutsideText

extension SigningKey {
    /// Parses and checks a private key in PEM (PKCS#8, PKCS#1 or SEC1) or as a JWK.
    ///
    /// - Parameters:
    ///   - text: The key (RFC 7468 sections 10 and 11, RFC 5915 section 4, RFC 7517).
    ///   - passphrase: The passphrase, if the key is encrypted.
    ///   - algorithm: The algorithm; nil for RS256 with an RSA key, and for the only algorithm of other keys.
    /// - Throws: `CryptographyError` that says what is wrong with the key and what to do.
    public convenience init(
        pem text: Secret, passphrase: Secret? = nil, algorithm: SignatureAlgorithm? = nil
    ) throws {
        let isJWK = text.exposed.utf8.first { $0 > 0x20 } == UInt8(ascii: "{")
        let key = isJWK ? try SigningKey.read(jwk: text) : try SigningKey.read(pem: text, passphrase)
        try self.init(checking: key, algorithm: algorithm)
    }

    /// Parses a private key that a server has written, and checks that it signs.
    ///
    /// A key from outside is checked for more: its primes alone take 20 ms at each start.
    ///
    /// - Throws: `CryptographyError`.
    convenience init(ownPEM text: Secret, algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.read(pem: text, nil)
        self.init(key, try SigningKey.checked(key, algorithm))
        let message = Array("a message to test the key".utf8)
        guard verify(try sign(message), of: message) else {
            throw CryptographyError(
                found: "the private and the public half of a stored key do not match; restore the store from a backup")
        }
    }

    /// Checks a private key and chooses its algorithm.
    convenience init(checking key: AsymmetricKey, algorithm: SignatureAlgorithm?) throws {
        // Safe: the context is freed at the end.
        let algorithm = try SigningKey.checked(key, algorithm)
        let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_pairwise_check(context) == 1 else {
            throw CryptographyError(
                found: "the private and the public half of the key do not match; use the file as it was generated"
            )
        }
        self.init(key, algorithm)
    }

    /// The algorithm of a key that is fit for signing.
    ///
    /// - Throws: `CryptographyError` if the key is weak or does not fit the algorithm.
    static func checked(_ key: AsymmetricKey, _ algorithm: SignatureAlgorithm?) throws -> SignatureAlgorithm {
        let algorithm = try algorithm ?? SigningKey.algorithm(of: key)
        guard key.fits(algorithm), SignatureAlgorithm.own.contains(algorithm) else {
            throw CryptographyError(found: "the key cannot sign with '\(algorithm.rawValue)': \(key.description)")
        }
        if let weakness = key.weakness(smallestExponent: 65537) {
            throw CryptographyError(found: "the key is too weak: \(weakness)")
        }
        return algorithm
    }

    private static func algorithm(of key: AsymmetricKey) throws -> SignatureAlgorithm {
        switch key.kind {
        case .rsa: return .rs256
        case .ed25519: return .edDSA
        case .ec(.p256): return .es256
        case .ec(.p384): return .es384
        case .ec(.p521):
            throw CryptographyError(
                found: "the key is on the curve P-521; use a key on P-256 (ES256) or P-384 (ES384)")
        }
    }

    private static func read(pem: Secret, _ passphrase: Secret?) throws -> AsymmetricKey {
        let isEncrypted = pem.exposed.raw.contains("ENCRYPTED")
        guard !isEncrypted || passphrase != nil else {
            throw CryptographyError(found: "the private key is encrypted; set its 'passphrase'")
        }
        guard let key = unsafe pointer(pem, passphrase ?? Secret("")) else {
            if isEncrypted { throw CryptographyError(found: "the passphrase does not open the private key") }
            let isPublic = pem.exposed.raw.contains("BEGIN PUBLIC KEY") || pem.exposed.raw.contains("BEGIN CERTIFICATE")
            throw CryptographyError(
                found: isPublic
                    ? "it is a public key or a certificate, not a private key"
                    : "it is not a private key in PEM; generate one with 'openssl genpkey'")
        }
        return try unsafe AsymmetricKey(owning: key)
    }

    /// Parses a key in PEM; always takes a passphrase, since OpenSSL would otherwise ask for one at the terminal.
    private static func pointer(_ pem: Secret, _ passphrase: Secret) -> OpaquePointer? {
        // Safe: the passphrase ends with NUL and outlives the call.
        var word = passphrase.exposed.utf8CString
        return unsafe word.withUnsafeMutableBytes { word in
            unsafe withInput(Array(pem.exposed.utf8)) { unsafe PEM_read_bio_PrivateKey($0, nil, nil, word.baseAddress) }
        }
    }

    private static func read(jwk text: Secret) throws -> AsymmetricKey {
        guard let json = try? JSON(parsing: text.exposed), json["d"] != nil else {
            throw CryptographyError(found: "it is not a private key as a JWK: 'd' is missing")
        }
        do {
            return try JSONWebKey.asymmetric(json, isPrivate: true)
        } catch {
            throw CryptographyError(found: "it is not a private key as a JWK: \(error.reason)")
        }
    }

    /// The private key in PEM (PKCS#8).
    ///
    /// - Throws: `CryptographyError`, in particular for a key that cannot leave its hardware.
    public func privatePEM() throws -> Secret {
        // Safe: OpenSSL is told the length of the buffer.
        let output = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(output) }
        guard unsafe PEM_write_bio_PKCS8PrivateKey(output, key.pointer, nil, nil, 0, nil, nil) == 1 else {
            throw CryptographyError("the private key could not be written")
        }
        var bytes = unsafe [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        unsafe BIO_read(output, &bytes, Int32(bytes.count))
        return Secret(String(decoding: bytes, as: UTF8.self))
    }
}

extension AsymmetricKey: CustomStringConvertible {
    var description: String {
        switch kind {
        case .ec(let curve): "it is on the curve \(curve.rawValue)"
        case .rsa: "it is an RSA key"
        case .ed25519: "it is an Ed25519 key"
        }
    }
}
