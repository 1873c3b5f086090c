// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Digests and signatures that anyone could forge, which are enough to see what was digested or signed.
struct TestCryptography: LaterCryptography, KeyRing {
    let algorithms = ["RS256"]

    /// The FNV-1a hash, repeated to the length of a SHA-256 digest in base64url.
    func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(String(repeating: String(hash, radix: 36), count: 10).prefix(43))
    }

    func leftHalf(_ text: String, algorithm: String) -> String { String(digest(text).prefix(22)) }

    func digest(_ bytes: [UInt8]) -> String { digest(String(decoding: bytes, as: UTF8.self)) }

    func authenticationCode(_ message: [UInt8], key: [UInt8], algorithm: String) -> [UInt8] {
        Array(digest("\(algorithm) \(key) \(message)").utf8)
    }

    /// Accepts the digest of the key and the message.
    func isSignature(_ signature: [UInt8], over message: [UInt8], by key: JSON) -> Bool {
        signature == Array(digest(key.text + digest(message)).utf8)
    }

    func bytes(base64url encoded: String) -> [UInt8]? { Array(encoded.utf8) }

    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String { "\(type)|\(claims.text)" }

    func verify(_ token: String, type: String) async throws -> VerifiedJWT? {
        guard token.hasPrefix("\(type)|"), let claims = try? JSON(parsing: String(token.dropFirst(type.count + 1)))
        else { return nil }
        return VerifiedJWT(header: ["typ": .string(type)], claims: claims)
    }

    func authenticationCode(_ message: String, purpose: String) async throws -> String {
        digest("\(purpose) \(message)")
    }

    func seal(_ text: String, purpose: String) async throws -> String { "\(purpose)|\(text)" }

    func open(_ sealed: String, purpose: String) async throws -> String? {
        sealed.hasPrefix("\(purpose)|") ? String(sealed.dropFirst(purpose.count + 1)) : nil
    }

    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool {
        try await authenticationCode(message, purpose: purpose) == code
    }
}
