// SPDX-License-Identifier: Apache-2.0

import COpenSSL
public import GrantKit

/// Why a key, a set of keys or a signature of others is refused: for the log, not for the client.
public struct JOSEError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// What is wrong.
    public var description: String { reason }
}

/// A key of somebody else, to verify with (RFC 7517 section 4).
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

    /// Reads and checks a key; private members of an asymmetric one are not looked at.
    ///
    /// - Throws: `JOSEError` if it is malformed, weak, or of a kind that is not known.
    public init(_ json: JSON) throws(JOSEError) {
        guard case .object = json else { throw JOSEError("a key must be an object") }
        id = try JSONWebKey.text("kid", json)
        algorithm = try JSONWebKey.text("alg", json)
        let use = try JSONWebKey.text("use", json)
        let operations = json["key_ops"]
        if let operations, operations != .strings(operations.strings) {
            throw JOSEError("'key_ops' must be a list of texts")
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

    /// Whether the key is for verifying with an algorithm: by kind, size, `use`, `key_ops` and `alg`.
    public func fits(_ algorithm: SignatureAlgorithm) -> Bool {
        guard mayVerify, self.algorithm ?? algorithm.rawValue == algorithm.rawValue else { return false }
        switch material {
        case .asymmetric(let key): return key.fits(algorithm)
        // RFC 7518 section 3.2: at least as long as the code.
        case .symmetric(let bytes): return algorithm.scheme == .hmac && bytes.count >= algorithm.hash.length
        }
    }

    /// Whether some bytes are a signature of a message under this key.
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
        guard let text = value.string else { throw JOSEError("'\(name)' must be a text") }
        return text
    }

    static func bytes(_ name: String, _ json: JSON, count: Int? = nil) throws(JOSEError) -> [UInt8] {
        guard let text = json[name]?.string else { throw JOSEError("the member '\(name)' is missing") }
        guard text.utf8.count <= 4096, let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else {
            throw JOSEError("'\(name)' is not base64url")
        }
        if let count, bytes.count != count { throw JOSEError("'\(name)' must have \(count) bytes") }
        return bytes
    }
}

// MARK: OpenSSL's form

extension JSONWebKey {
    /// Members of a key with their names in OpenSSL.
    private static let rsaPublic = [("n", OSSL_PKEY_PARAM_RSA_N), ("e", OSSL_PKEY_PARAM_RSA_E)]
    private static let rsaPrivate = [
        ("d", OSSL_PKEY_PARAM_RSA_D), ("p", "rsa-factor1"), ("q", "rsa-factor2"),
        ("dp", "rsa-exponent1"), ("dq", "rsa-exponent2"),
        ("qi", "rsa-coefficient1"),
    ]

    static func asymmetric(_ json: JSON, isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        switch json["kty"]?.string {
        case "EC": try ellipticCurve(json, isPrivate)
        case "OKP": try ed25519(json, isPrivate)
        case "RSA": try rsa(json, isPrivate)
        default: throw JOSEError("'kty' must be EC, RSA, OKP or oct")
        }
    }

    private static func ellipticCurve(_ json: JSON, _ isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        guard let curve = Curve(rawValue: try text("crv", json) ?? "") else {
            throw JOSEError("'crv' must be P-256, P-384 or P-521")
        }
        var parameters = KeyParameters()
        parameters.add(text: curve.group, OSSL_PKEY_PARAM_GROUP_NAME)
        // RFC 7518 section 6.2.1.2: always the full width.
        let x = try bytes("x", json, count: curve.width)
        parameters.add(octets: [4] + x + (try bytes("y", json, count: curve.width)), OSSL_PKEY_PARAM_PUB_KEY)
        if isPrivate {
            parameters.add(number: try bytes("d", json, count: curve.width), OSSL_PKEY_PARAM_PRIV_KEY)
        }
        return try key(parameters, "EC", isPrivate)
    }

    private static func ed25519(_ json: JSON, _ isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        guard try text("crv", json) == "Ed25519" else { throw JOSEError("'crv' must be Ed25519") }
        var parameters = KeyParameters()
        parameters.add(octets: try bytes("x", json, count: 32), OSSL_PKEY_PARAM_PUB_KEY)
        if isPrivate { parameters.add(octets: try bytes("d", json, count: 32), OSSL_PKEY_PARAM_PRIV_KEY) }
        return try key(parameters, "ED25519", isPrivate)
    }

    private static func rsa(_ json: JSON, _ isPrivate: Bool) throws(JOSEError) -> AsymmetricKey {
        var parameters = KeyParameters()
        for (member, name) in rsaPublic + (isPrivate ? rsaPrivate : []) {
            parameters.add(number: try bytes(member, json), name)
        }
        return try key(parameters, "RSA", isPrivate)
    }

    private static func key(
        _ parameters: borrowing KeyParameters, _ kind: String, _ isPrivate: Bool
    ) throws(JOSEError) -> AsymmetricKey {
        guard let key = parameters.key(kind, isPrivate: isPrivate) else {
            throw JOSEError("it is no key of its kind: its point or its numbers are impossible")
        }
        do {
            return try AsymmetricKey(owning: key)
        } catch {
            throw JOSEError("\(error)")
        }
    }
}
