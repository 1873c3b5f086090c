// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The server's own keys: for signatures, of which the public halves are published, and for authentication codes.
public final class ServerKeyRing: KeyRing {
    /// A key for authentication codes.
    public struct MACKey: Sendable {
        let id: String
        let bytes: [UInt8]

        /// Makes a key.
        ///
        /// - Parameters:
        ///   - id: What codes name it by; letters and digits.
        ///   - bytes: At least 32 random bytes.
        public init(id: String, bytes: [UInt8]) {
            self.id = id
            self.bytes = bytes
        }
    }

    /// The signing keys; the first of an algorithm signs, all of them verify and are published.
    public let signingKeys: [SigningKey]
    let macKeys: [MACKey]
    /// Encoded headers by key and type, so that signing a token encodes none.
    private let headers = Mutex<[HeaderName: [UInt8]]>([:])

    private struct HeaderName: Hashable {
        var key: String
        var type: String
    }

    /// Makes a ring.
    ///
    /// - Parameters:
    ///   - signingKeys: At least one.
    ///   - macKeys: At least one; the first makes codes, all of them check.
    public init(signingKeys: [SigningKey], macKeys: [MACKey]) {
        self.signingKeys = signingKeys
        self.macKeys = macKeys
    }

    /// The algorithms that it can sign with.
    public var algorithms: [String] {
        signingKeys.map(\.algorithm)
    }

    /// The published keys (RFC 7517 section 5).
    public var publicJWKS: JSON {
        ["keys": .array(signingKeys.map(\.publicJWK))]
    }

    /// Signs claims as a compact JWS.
    public func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String {
        guard let key = signingKeys.first(where: { algorithm == nil || $0.algorithm == algorithm }) else {
            throw ConfigurationError("no key signs with '\(algorithm ?? "")'")
        }
        var buffer = header(key, type)
        buffer.reserveCapacity(1024)
        Base64URL.encode(claims.bytes, to: &buffer)
        let signature = try key.sign(buffer)
        buffer.append(UInt8(ascii: "."))
        Base64URL.encode(signature, to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    private func header(_ key: SigningKey, _ type: String) -> [UInt8] {
        headers.withLock { headers in
            let name = HeaderName(key: key.id, type: type)
            if let known = headers[name] { return known }
            let header: JSON = ["alg": .string(key.algorithm), "typ": .string(type), "kid": .string(key.id)]
            var encoded: [UInt8] = []
            Base64URL.encode(header.bytes, to: &encoded)
            encoded.append(UInt8(ascii: "."))
            headers[name] = encoded
            return encoded
        }
    }

    /// The claims of a compact JWS of this server, or nil: key by `kid`, algorithm by key, `typ` as expected.
    public func verify(_ token: String, type: String) -> VerifiedJWT? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, token.utf8.count <= 16_384,
            let header = Base64URL.decode(parts[0]).flatMap({ try? JSON(parsing: $0) }),
            header["typ"]?.string == type, header["crit"] == nil,
            let key = signingKeys.first(where: { $0.id == header["kid"]?.string }),
            header["alg"]?.string == key.algorithm, let signature = Base64URL.decode(parts[2]),
            key.verify(signature, of: Array(token.utf8.prefix(parts[0].count + 1 + parts[1].count))),
            let claims = Base64URL.decode(parts[1]).flatMap({ try? JSON(parsing: $0) })
        else { return nil }
        return VerifiedJWT(header: header, claims: claims)
    }

    /// An authentication code that names its key.
    public func authenticationCode(_ message: String, purpose: String) -> String {
        macKeys.first.map { "\($0.id)-\(code(message, purpose, $0))" } ?? ""
    }

    /// Whether a code was made by one of the ring's keys.
    public func isAuthentic(_ code: String, over message: String, purpose: String) -> Bool {
        guard let key = macKeys.first(where: { code.hasPrefix("\($0.id)-") }) else { return false }
        return Secret(code) == Secret("\(key.id)-\(self.code(message, purpose, key))")
    }

    private func code(_ message: String, _ purpose: String, _ key: MACKey) -> String {
        Base64URL.encode(Digest.hmac(Array("\(purpose)\u{0}\(message)".utf8), key: key.bytes))
    }
}
