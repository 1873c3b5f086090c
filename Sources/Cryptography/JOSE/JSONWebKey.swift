// SPDX-License-Identifier: Apache-2.0

import COpenSSL
@_spi(Host) public import GrantKit

/// A key that verifies signatures (RFC 7517 section 4).
public struct JSONWebKey: Sendable {
    /// The key's `kid`, if it has one.
    public let id: String?
    /// The key's RFC 7638 thumbprint.
    public let thumbprint: String
    let material: Material
    private let algorithm: String?
    private let mayVerify: Bool

    enum Material: Sendable {
        case asymmetric(AsymmetricKey)
        case symmetric([UInt8])
    }

    /// Parses and checks a key; private members of an asymmetric key are ignored.
    ///
    /// - Throws: `JOSEError` if the key is malformed, weak or of an unknown kind.
    public init(_ json: JSON) throws(JOSEError) {
        guard case .object = json else { throw JOSEError("a key must be a JSON object") }
        id = try JSONWebKey.text("kid", json)
        algorithm = try JSONWebKey.text("alg", json)
        let use = try JSONWebKey.text("use", json)
        let operations = json["key_ops"]
        if let operations, operations != .strings(operations.strings) {
            throw JOSEError("'key_ops' must be a list of strings")
        }
        mayVerify = (use ?? "sig") == "sig" && (operations?.strings.contains("verify") ?? true)
        guard json["kty"]?.string == "oct" else {
            let key = try JSONWebKey.asymmetric(json, isPrivate: false)
            if let weakness = key.weakness(smallestExponent: 3) { throw JOSEError(weakness) }
            material = .asymmetric(key)
            thumbprint = key.thumbprint
            return
        }
        let bytes = try JSONWebKey.bytes("k", json)
        material = .symmetric(bytes)
        let members: JSON = ["k": .string(Base64URL.encode(bytes)), "kty": "oct"]
        thumbprint = Base64URL.encode(Digest.sha256(members.bytes))
    }

    /// The public half of a signing key.
    init(_ key: SigningKey) {
        (id, thumbprint) = (key.id, key.id)
        (material, algorithm, mayVerify) = (.asymmetric(key.key), key.algorithm, true)
    }

    /// Whether the key may verify with an algorithm, by its kind, size, `use`, `key_ops` and `alg`.
    public func fits(_ algorithm: SignatureAlgorithm) -> Bool {
        guard mayVerify, self.algorithm ?? algorithm.rawValue == algorithm.rawValue else { return false }
        switch material {
        case .asymmetric(let key): return key.fits(algorithm)
        // The key must be at least as long as the MAC (RFC 7518 section 3.2).
        case .symmetric(let bytes): return algorithm.scheme == .hmac && bytes.count >= algorithm.hash.length
        }
    }

    /// Whether a signature of a message was made with this key.
    func verify(_ signature: [UInt8], of message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        guard fits(algorithm) else { return false }
        switch material {
        case .asymmetric(let key): return key.verify(signature, of: message, by: algorithm)
        case .symmetric(let bytes):
            return equalInConstantTime(algorithm.hash.code(message, key: bytes), signature)
        }
    }

    var isSymmetric: Bool {
        if case .symmetric = material { true } else { false }
    }

    static func text(_ name: String, _ json: JSON) throws(JOSEError) -> String? {
        guard let value = json[name] else { return nil }
        guard let text = value.string else { throw JOSEError("'\(name)' must be a string") }
        return text
    }

    static func bytes(_ name: String, _ json: JSON, count: Int? = nil) throws(JOSEError) -> [UInt8] {
        guard let text = json[name]?.string else { throw JOSEError("'\(name)' is missing") }
        guard text.utf8.count <= 4096, let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else {
            throw JOSEError("'\(name)' is not base64url")
        }
        if let count, bytes.count != count { throw JOSEError("'\(name)' must have \(count) bytes") }
        return bytes
    }
}
