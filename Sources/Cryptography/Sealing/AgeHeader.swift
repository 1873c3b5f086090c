// SPDX-License-Identifier: Apache-2.0

import COpenSSL
@_spi(Host) import GrantKit
import OutsideText

/// The header of a file in the age format (age-encryption.org/v1) that is sealed with a passphrase.
///
/// The key of the file is sealed with a key that scrypt (RFC 7914) computes from the passphrase.
struct AgeHeader {
    static let version = "age-encryption.org/v1"
    /// The cost as a power of two; it takes 128 MiB of memory.
    private static let exponent = 17
    /// The highest cost that is accepted, so that a hostile file takes at most 256 MiB.
    private static let largestExponent = 18
    private static let saltLength = 16
    private static let zeroNonce = [UInt8](repeating: 0, count: 12)

    let fileKey: [UInt8]
    let text: String

    /// Makes the header of a new file.
    ///
    /// - Parameters:
    ///   - passphrase: The passphrase.
    ///   - cost: The cost as the header writes it, which tests write in other ways.
    /// - Throws: `CryptographyError`.
    init(sealingWith passphrase: Secret, cost: String = "\(exponent)") throws {
        fileKey = Digest.random(16)
        let salt = Digest.random(AgeHeader.saltLength)
        let key = try AgeHeader.key(passphrase, salt, exponent: AgeHeader.exponent)
        let sealed = try AgeChunks.seal(fileKey, key: key, nonce: AgeHeader.zeroNonce)
        let start = """
            \(AgeHeader.version)
            -> scrypt \(AgeHeader.encode(salt)) \(cost)
            \(AgeHeader.encode(sealed))
            ---
            """
        text = "\(start) \(AgeHeader.encode(AgeHeader.code(start, fileKey)))\n"
    }

    /// Opens the header of a file.
    ///
    /// - Parameters:
    ///   - lines: The lines of the header, without their ends.
    ///   - passphrase: The passphrase.
    /// - Throws: `CryptographyError`.
    init(_ lines: [String], openingWith passphrase: Secret) throws {
        let words = lines.count == 4 ? lines[1].raw.split(at: " ", keepingEmpty: true) : []
        guard lines.count == 4, lines[0] == AgeHeader.version, words.count == 4, words[0] == "->", words[1] == "scrypt",
            let salt = AgeHeader.decode(words[2].string), salt.count == AgeHeader.saltLength,
            let exponent = Int(words[3].string), "\(exponent)" == words[3].string,
            let sealed = AgeHeader.decode(lines[2]), sealed.count == 32,
            lines[3].raw.starts(with: "--- "), let code = AgeHeader.decode(lines[3].raw.dropFirst(4).string)
        else { throw CryptographyError(found: "it is not sealed with a passphrase") }
        guard 1...AgeHeader.largestExponent ~= exponent else {
            throw CryptographyError(found: "opening it would take more than 256 MiB of memory")
        }
        let key = try AgeHeader.key(passphrase, salt, exponent: exponent)
        guard let fileKey = AgeChunks.open(sealed, key: key, nonce: AgeHeader.zeroNonce) else {
            throw CryptographyError(found: "the passphrase is not the one that it was sealed with")
        }
        text = lines.map { "\($0)\n" }.joined()
        let start = lines[..<3].map { "\($0)\n" }.joined() + "---"
        guard equalInConstantTime(code, AgeHeader.code(start, fileKey)) else {
            throw CryptographyError(found: "its header was changed")
        }
        self.fileKey = fileKey
    }

    /// The key for the chunks.
    func payloadKey(_ nonce: [UInt8]) -> [UInt8] {
        AgeHeader.derive(fileKey, salt: nonce, "payload")
    }

    /// The code that protects the header.
    private static func code(_ start: String, _ fileKey: [UInt8]) -> [UInt8] {
        let noSalt = [UInt8](repeating: 0, count: 32)
        return Digest.hmac(Array(start.utf8), key: derive(fileKey, salt: noSalt, "header"))
    }

    /// HKDF with SHA-256, for 32 bytes (RFC 5869).
    private static func derive(_ secret: [UInt8], salt: [UInt8], _ purpose: String) -> [UInt8] {
        Digest.hmac(Array(purpose.utf8) + [1], key: Digest.hmac(secret, key: salt))
    }

    private static func key(_ passphrase: Secret, _ salt: [UInt8], exponent: Int) throws -> [UInt8] {
        var key = [UInt8](repeating: 0, count: 32)
        let salt = Array("\(version)/scrypt".utf8) + salt
        var text = passphrase.exposed
        // Safe: OpenSSL is told the lengths, and reads the bytes only during the call.
        let done = text.withUTF8 { text in
            unsafe text.withMemoryRebound(to: CChar.self) { text in
                unsafe EVP_PBE_scrypt(
                    text.baseAddress, text.count, salt, salt.count, 1 << UInt64(exponent), 8, 1, 320 << 20, &key,
                    key.count)
            }
        }
        guard done == 1 else { throw CryptographyError("no key could be computed from the passphrase") }
        return key
    }

    /// Base64 without padding (RFC 4648 section 4).
    private static func encode(_ bytes: [UInt8]) -> String {
        Base64URL.encode(bytes).raw.replacing("-", with: "+").raw.replacing("_", with: "/")
    }

    private static func decode(_ text: String) -> [UInt8]? {
        Base64URL.decode(either: text.utf8)
    }
}
