// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Keys that only one test host knows.
///
/// What they sign looks like a JWT with the named algorithm, but it has a message authentication code in the place of
/// the signature: only `verify` of the same host accepts it.
struct TestKeys: KeyRing {
    let random: TestRandom
    private let key: [UInt8]

    init(random: TestRandom) {
        self.random = random
        key = random.bytes(32)
    }

    var algorithms: [String] { ["ES256", "RS256"] }

    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String {
        let algorithm = algorithm ?? "ES256"
        guard algorithms.contains(algorithm) else {
            throw StoreError("this host has no key for '\(algorithm)'; it has \(algorithms.joined(separator: ", "))")
        }
        let header: JSON = ["alg": .string(algorithm), "typ": .string(type), "kid": "test"]
        let signed = [header, claims].map { Base64.encode(Array($0.text.utf8)) }.joined(separator: ".")
        return signed + "." + code(signed, for: "signature")
    }

    func verify(_ token: String, type: String) async throws -> VerifiedJWT? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 3, code(parts[0] + "." + parts[1], for: "signature") == parts[2],
            let header = json(parts[0]), let claims = json(parts[1]), header["typ"]?.string == type
        else { return nil }
        return VerifiedJWT(header: header, claims: claims)
    }

    private func json(_ part: String) -> JSON? {
        Base64.decode(part).flatMap { try? JSON(parsing: $0) }
    }

    func authenticationCode(_ message: String, purpose: String) async throws -> String {
        code(message, for: "code " + purpose)
    }

    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool {
        self.code(message, for: "code " + purpose) == code
    }

    private func code(_ message: String, for purpose: String) -> String {
        Base64.encode(Digest.code(Array(message.utf8), key: Digest.code(Array(purpose.utf8), key: key)))
    }

    /// Encrypts by a key stream, and authenticates nonce and ciphertext.
    func seal(_ text: String, purpose: String) async throws -> String {
        let nonce = random.bytes(16)
        let sealed = nonce + stream(Array(text.utf8), nonce, purpose)
        return Base64.encode(sealed + Digest.code(sealed, key: sealingKey(purpose)))
    }

    func open(_ sealed: String, purpose: String) async throws -> String? {
        guard let bytes = Base64.decode(sealed), bytes.count >= 48 else { return nil }
        let body = Array(bytes.dropLast(32))
        guard Digest.code(body, key: sealingKey(purpose)) == Array(bytes.suffix(32)) else { return nil }
        let text = stream(Array(body.dropFirst(16)), Array(body.prefix(16)), purpose)
        return String(decoding: text, as: UTF8.self)
    }

    private func sealingKey(_ purpose: String) -> [UInt8] {
        Digest.code(Array("seal \(purpose)".utf8), key: key)
    }

    private func stream(_ bytes: [UInt8], _ nonce: [UInt8], _ purpose: String) -> [UInt8] {
        let blocks = (0..<(bytes.count + 31) / 32).flatMap { number in
            Digest.code(nonce + Array("\(number)".utf8), key: sealingKey(purpose))
        }
        return zip(bytes, blocks).map { $0 ^ $1 }
    }
}
