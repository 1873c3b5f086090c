// SPDX-License-Identifier: Apache-2.0

import COpenSSL
@_spi(Host) public import GrantKit
import OutsideText

/// An imported password hash made with PBKDF2 (RFC 8018 section 5.2).
public struct PBKDF2Hash: Sendable {
    private enum Function: String {
        case sha1 = "pbkdf2"
        case sha256 = "pbkdf2-sha256"
        case sha512 = "pbkdf2-sha512"
    }

    private let function: Function
    private let iterations: Int
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Parses `$pbkdf2-sha256$i=..$salt$hash`, or the same with `pbkdf2-sha512`, or with `pbkdf2` for SHA-1.
    ///
    /// The iterations may be written without `i=`. Nil if the string is malformed or asks for more than two million
    /// iterations.
    public init?(_ text: String) {
        guard let parts = PHCString(PBKDF2Hash.named(text)), let function = Function(rawValue: parts.id),
            parts.version == nil, Set(parts.parameters.keys).isSubset(of: ["i", "l"]),
            let iterations = parts.parameters["i"], (1...2_000_000).contains(iterations),
            parts.parameters["l"] ?? parts.hash.count == parts.hash.count
        else { return nil }
        (self.function, self.iterations, salt, hash) = (function, iterations, parts.salt, parts.hash)
        guard (8...64).contains(salt.count), (16...64).contains(hash.count) else { return nil }
    }

    /// The string with `i=` before the iterations.
    private static func named(_ text: String) -> String {
        let parts = text.raw.split(at: "$", keepingEmpty: true)
        guard parts.count == 5, parts[0].isEmpty, PHCString.number(parts[2]) != nil else { return text }
        return "$\(parts[1].string)$i=\(parts[2].string)$\(parts[3].string)$\(parts[4].string)"
    }

    /// Whether a password matches the hash; slow, so never call it on a thread that serves requests.
    public func matches(_ password: Secret) -> Bool {
        // Safe: the buffers outlive the call, which is told their lengths.
        let text = Array(password.exposed.utf8)
        var computed = [UInt8](repeating: 0, count: hash.count)
        let done = unsafe text.withUnsafeBytes { text in
            unsafe PKCS5_PBKDF2_HMAC(
                text.bindMemory(to: CChar.self).baseAddress, Int32(text.count), salt, Int32(salt.count),
                Int32(iterations), algorithm, Int32(computed.count), &computed)
        }
        return done == 1 && equalInConstantTime(computed, hash)
    }

    private var algorithm: OpaquePointer? {
        switch function {
        case .sha1: unsafe EVP_sha1()
        case .sha256: unsafe EVP_sha256()
        case .sha512: unsafe EVP_sha512()
        }
    }
}
