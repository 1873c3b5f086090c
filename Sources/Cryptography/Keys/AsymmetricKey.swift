// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit
import Synchronization

/// A public or private OpenSSL key of a kind that JOSE supports (RFC 7518 section 6, RFC 8037 section 2).
@safe final class AsymmetricKey: Sendable {
    enum Kind: Sendable, Equatable {
        case ec(Curve)
        case rsa
        case ed25519
    }

    let kind: Kind
    /// The members of the public JWK that the thumbprint covers, in the order of RFC 7638 section 3.2.
    let publicMembers: JSON
    /// The length of an RSA modulus in bits; 0 for other kinds.
    let modulusBits: Int
    nonisolated(unsafe) let pointer: OpaquePointer
    private let verifiers = Mutex<[SignatureAlgorithm: KeyContexts]>([:])

    /// The thumbprint (RFC 7638 section 3, RFC 8037 section 2).
    var thumbprint: String {
        Base64URL.encode(Digest.sha256(publicMembers.bytes))
    }

    /// Takes ownership of a key, even if it throws.
    ///
    /// - Throws: `CryptographyError` for a kind or curve that JOSE does not support.
    init(owning pointer: OpaquePointer) throws {
        // Safe: this object owns the key and frees it in 'deinit'; OpenSSL is told the lengths of all buffers.
        do {
            kind = try unsafe AsymmetricKey.kind(of: pointer)
            (publicMembers, modulusBits) = try unsafe AsymmetricKey.members(of: pointer, kind)
        } catch {
            unsafe EVP_PKEY_free(pointer)
            throw error
        }
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    private static func kind(of key: OpaquePointer) throws -> Kind {
        if unsafe EVP_PKEY_is_a(key, "RSA") == 1 { return .rsa }
        if unsafe EVP_PKEY_is_a(key, "ED25519") == 1 { return .ed25519 }
        guard unsafe EVP_PKEY_is_a(key, "EC") == 1 else {
            throw CryptographyError(
                found: "the key is of an unsupported kind: it must be EC (P-256, P-384), RSA or Ed25519")
        }
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else {
            throw CryptographyError("the curve of the key is unknown")
        }
        let text = unsafe name.withUnsafeBytes { unsafe String(decoding: $0.prefix(length), as: UTF8.self) }
        guard let curve = Curve.allCases.first(where: { $0.group == text }) else {
            throw CryptographyError(found: "the key is on the curve '\(text)': it must be on P-256, P-384 or P-521")
        }
        return .ec(curve)
    }

    private static func members(of key: OpaquePointer, _ kind: Kind) throws -> (JSON, Int) {
        switch kind {
        case .ec(let curve):
            guard let x = unsafe BigNumber("qx", of: key), let y = unsafe BigNumber("qy", of: key) else {
                throw CryptographyError("the key has no public point")
            }
            let point = [x.bytes(width: curve.width), y.bytes(width: curve.width)].map(Base64URL.encode)
            return (["crv": .string(curve.rawValue), "kty": "EC", "x": .string(point[0]), "y": .string(point[1])], 0)
        case .rsa:
            guard let modulus = unsafe BigNumber("n", of: key), let exponent = unsafe BigNumber("e", of: key) else {
                throw CryptographyError("the key has no public half")
            }
            let parts = [exponent.bytes(), modulus.bytes()].map(Base64URL.encode)
            return (["e": .string(parts[0]), "kty": "RSA", "n": .string(parts[1])], modulus.bits)
        case .ed25519:
            var bytes = [UInt8](repeating: 0, count: 32)
            var length = bytes.count
            guard unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &length) == 1, length == 32 else {
                throw CryptographyError("the key has no public half")
            }
            return (["crv": "Ed25519", "kty": "OKP", "x": .string(Base64URL.encode(bytes))], 0)
        }
    }

    /// Whether the key is of the right kind for an algorithm.
    func fits(_ algorithm: SignatureAlgorithm) -> Bool {
        switch (algorithm.scheme, kind) {
        case (.ecdsa(let curve), .ec(let own)): curve == own
        case (.pkcs1, .rsa), (.pss, .rsa), (.edDSA, .ed25519): true
        default: false
        }
    }
}

// MARK: weak keys

extension AsymmetricKey {
    /// The reason why signatures of this key are not secure; nil if there is none.
    ///
    /// - Parameter exponent: The smallest acceptable public exponent of an RSA key.
    /// - Returns: The reason.
    func weakness(smallestExponent exponent: UInt64) -> String? {
        guard kind == .rsa else { return nil }
        guard let modulus = unsafe BigNumber("n", of: pointer), let own = unsafe BigNumber("e", of: pointer) else {
            return "it has no public half"
        }
        guard (2048...16_384).contains(modulus.bits) else {
            return "it is an RSA key of \(modulus.bits) bits, which must be between 2048 and 16384"
        }
        guard own.bits <= 64, let value = own.bytes(width: 8).bigEndian, value >= exponent, value % 2 == 1 else {
            return "its public exponent is too small or even; use 65537"
        }
        guard modulus.remainder(2) == 1 else { return "its modulus is even" }
        return AsymmetricKey.hasROCAFingerprint(modulus)
            ? "it was generated by a chip whose keys can be factored (CVE-2017-15361); generate another" : nil
    }

    /// Whether a modulus is a power of 65537 modulo each of the first primes, as only one in 2^27 other numbers is.
    private static func hasROCAFingerprint(_ modulus: borrowing BigNumber) -> Bool {
        for prime in primes {
            var power: UInt64 = 1
            var isPower = false
            let rest = modulus.remainder(prime)
            repeat {
                isPower = power == rest
                power = power * 65537 % prime
            } while !isPower && power != 1
            if !isPower { return false }
        }
        return true
    }

    private static let primes: [UInt64] = (3...167).filter { number in (2..<number).allSatisfy { number % $0 != 0 } }
}

extension [UInt8] {
    fileprivate var bigEndian: UInt64? {
        count <= 8 ? reduce(0) { $0 << 8 | UInt64($1) } : nil
    }
}

// MARK: verify

extension AsymmetricKey {
    /// Whether a signature of a message, in the format of JOSE, was made with this key.
    func verify(_ signature: [UInt8], of message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        guard fits(algorithm) else { return false }
        defer { ERR_clear_error() }
        switch algorithm.scheme {
        case .edDSA: return verifyEdDSA(signature, message)
        case .ecdsa(let curve):
            guard let encoded = ECDSASignature.distinguished(signature, curve) else { return false }
            return verify(encoded, algorithm.hash.digest(message), algorithm)
        default:
            // The length must match (RFC 8017 section 8.2.2); for PSS, OpenSSL would accept shorter signatures.
            guard signature.count == (modulusBits + 7) / 8 else { return false }
            return verify(signature, algorithm.hash.digest(message), algorithm)
        }
    }

    private func verify(_ signature: [UInt8], _ digest: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
        let verdict = try? unsafe contexts(algorithm).use({ try unsafe verifier(algorithm) }) { context in
            let verdict = unsafe EVP_PKEY_verify(context, signature, signature.count, digest, digest.count)
            return verdict == 1
        }
        return verdict == true
    }

    /// The contexts for an algorithm; an RSA key can have several.
    private func contexts(_ algorithm: SignatureAlgorithm) -> KeyContexts {
        verifiers.withLock { verifiers in
            if let known = verifiers[algorithm] { return known }
            let new = KeyContexts()
            verifiers[algorithm] = new
            return new
        }
    }

    private func verifier(_ algorithm: SignatureAlgorithm) throws -> OpaquePointer {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else {
            throw CryptographyError("a context for verifying could not be created")
        }
        guard unsafe EVP_PKEY_verify_init(context) == 1, unsafe AsymmetricKey.setPadding(context, algorithm) else {
            unsafe EVP_PKEY_CTX_free(context)
            throw CryptographyError("the key cannot verify '\(algorithm.rawValue)'")
        }
        return unsafe context
    }

    /// Verifies the message itself rather than a digest, since Ed25519 hashes it twice.
    private func verifyEdDSA(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard signature.count == 64, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        return unsafe EVP_DigestVerifyInit(context, nil, nil, nil, pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// Sets the padding of RSA (RFC 7518 sections 3.3 and 3.5); does nothing for other algorithms.
    static func setPadding(_ context: OpaquePointer, _ algorithm: SignatureAlgorithm) -> Bool {
        let hash = algorithm.hash
        switch algorithm.scheme {
        case .pkcs1:
            return unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1
                && EVP_PKEY_CTX_set_signature_md(context, hash.algorithm) == 1
        case .pss:
            return unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_signature_md(context, hash.algorithm) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash.algorithm) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, Int32(hash.length)) == 1
        default: return true
        }
    }
}
