// SPDX-License-Identifier: Apache-2.0

import Glibc
@_spi(Host) public import GrantKit
import OutsideText
import Synchronization

/// The server's own keys: signing keys, whose public halves are published, and MAC keys.
///
/// Only signatures may wait, for hardware. Functions that need only keys in memory are synchronous, so that they cost
/// nothing when tokens are made. In `KeyRing` they are asynchronous for the sake of key services.
public final class ServerKeyRing: KeyRing {
    /// A key for message authentication codes.
    public struct MACKey: Sendable {
        let id: String
        let bytes: [UInt8]

        /// Creates a key.
        ///
        /// - Parameters:
        ///   - id: The id by which codes name the key; letters, digits and underscores.
        ///   - bytes: At least 32 random bytes.
        public init(id: String, bytes: [UInt8]) {
            self.id = id
            self.bytes = bytes
        }
    }

    /// The clock of the machine.
    public static let systemClock: @Sendable () -> Timestamp = { Timestamp(seconds: Int64(time(nil))) }

    /// The keys that sign, the first one for each algorithm; all of them verify and are published.
    public let signingKeys: [SigningKey]
    /// The keys that will sign later or have signed before; they verify and are published.
    public let otherKeys: [JSON]
    private let verifying: [String: JSONWebKey]
    let macKeys: [MACKey]
    /// The encoded headers by key and type, so that signing a token does not encode one.
    private let headers = Mutex<[HeaderName: [UInt8]]>([:])
    /// The number of headers that are kept, and the longest type of one, since plugins sign with any type.
    private static let (mostHeaders, longestType) = (64, 128)
    /// What this ring has verified.
    ///
    /// Another ring has other keys, and verifies again.
    let verified = VerifiedSignatures()
    private let clock: @Sendable () -> Timestamp

    private struct HeaderName: Hashable {
        var key: String
        var type: String
    }

    /// Creates a ring.
    ///
    /// - Parameters:
    ///   - signingKeys: The keys that sign; at least one.
    ///   - otherKeys: Other published public keys, with `kid`, `use` and `alg`.
    ///   - macKeys: The MAC keys, at least one; the first makes codes, all of them verify.
    ///   - clock: The current time, which tests set.
    public init(
        signingKeys: [SigningKey], otherKeys: [JSON] = [], macKeys: [MACKey],
        clock: @escaping @Sendable () -> Timestamp = ServerKeyRing.systemClock
    ) {
        self.signingKeys = signingKeys
        self.otherKeys = otherKeys
        self.macKeys = macKeys
        self.clock = clock
        let keys = signingKeys.map(JSONWebKey.init) + otherKeys.compactMap { try? JSONWebKey($0) }
        verifying = Dictionary(keys.map { ($0.id ?? $0.thumbprint, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The ids of all keys, by which two rings are compared.
    var names: [[String]] {
        [signingKeys.map(\.id), otherKeys.map { $0["kid"]?.string ?? "" }, macKeys.map(\.id)]
    }

    /// The algorithms that plugins may ask for; the ring has keys for those that one has asked for.
    public var algorithms: [String] { SignatureAlgorithm.ownNames }

    /// The number of headers that are kept.
    var keptHeaders: Int { headers.withLock(\.count) }

    /// The published keys (RFC 7517 section 5).
    public var publicJWKS: JSON {
        ["keys": .array(signingKeys.map(\.publicJWK) + otherKeys)]
    }

    /// Signs claims as a JWS in compact serialization.
    public func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String {
        guard let key = signingKeys.first(where: { algorithm == nil || $0.algorithm == algorithm }) else {
            throw ConfigurationError("no key signs with '\(algorithm ?? "")'")
        }
        var buffer = header(key, type)
        buffer.reserveCapacity(1024)
        Base64URL.encode(claims.bytes, to: &buffer)
        // Yields so that tokens issued together are signed together, while OpenSSL's code is in the cache (decision
        // 0014).
        await Task.yield()
        let signature =
            if let hardware = key.hardware { try await hardware.sign(buffer) } else { try key.sign(buffer) }
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
            if headers.count < ServerKeyRing.mostHeaders, type.utf8.count <= ServerKeyRing.longestType {
                headers[name] = encoded
            }
            return encoded
        }
    }

    /// The claims of a JWS signed by this server; nil if `kid`, the key's algorithm, `typ` or the signature is wrong.
    ///
    /// The signature of a token is verified once, until the token expires or the keys change.
    public func verify(_ token: String, type: String) -> VerifiedJWT? {
        guard let signed = try? CompactJWS(token), signed.header["typ"]?.string == type else { return nil }
        let (digest, now) = (signed.digest, clock())
        let isKnown = verified.contains(digest, at: now)
        guard isKnown || isSigned(signed), let claims = try? JSON(parsing: signed.payload) else { return nil }
        if !isKnown, let end = claims["exp"]?.integer {
            verified.insert(digest, until: Timestamp(seconds: end), at: now)
        }
        return VerifiedJWT(header: signed.header, claims: claims)
    }

    private func isSigned(_ token: CompactJWS) -> Bool {
        guard let key = verifying[token.header["kid"]?.string ?? ""] else { return false }
        return (try? token.verified(by: key)) != nil
    }

    /// A message authentication code that names its key.
    public func authenticationCode(_ message: String, purpose: String) -> String {
        macKeys.first.map { "\($0.id)-\(code(message, purpose, $0))" } ?? ""
    }

    /// Whether a code was made with one of the ring's keys.
    public func isAuthentic(_ code: String, over message: String, purpose: String) -> Bool {
        guard let key = macKeys.first(where: { code.raw.starts(with: "\($0.id)-") }) else { return false }
        return Secret(code) == Secret("\(key.id)-\(self.code(message, purpose, key))")
    }

    private func code(_ message: String, _ purpose: String, _ key: MACKey) -> String {
        Base64URL.encode(Digest.hmac(Array("\(purpose)\u{0}\(message)".utf8), key: key.bytes))
    }
}
