// SPDX-License-Identifier: Apache-2.0

import CCrypt
import Glibc
@_spi(Host) public import GrantKit
import OutsideText

/// An imported password hash made with bcrypt: `$2a$`, `$2b$` or `$2y$`.
public struct BcryptHash: Sendable {
    private let text: String

    /// Parses a hash; nil if the string is malformed or its cost is above 15, which takes two seconds.
    public init?(_ text: String) {
        let parts = text.raw.split(at: "$", keepingEmpty: true)
        guard parts.count == 4, parts[0].isEmpty, ["2a", "2b", "2y"].contains(parts[1]), parts[2].count == 2,
            let cost = PHCString.digits(parts[2]), (4...15).contains(cost), parts[3].count == 53,
            parts[3].bytes.allSatisfy(BcryptHash.isDigit)
        else { return nil }
        self.text = text
    }

    /// Whether a byte belongs to bcrypt's own base64 alphabet.
    private static func isDigit(_ byte: UInt8) -> Bool {
        0x2E...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
    }

    /// Whether a password matches the hash; slow, so never call it on a thread that serves requests.
    ///
    /// bcrypt reads only the first 72 bytes and stops at a NUL byte, so a password that contains one is refused.
    public func matches(_ password: Secret) -> Bool {
        // Safe: 'crypt_ra' allocates the memory that is freed here, and its string ends with NUL.
        guard !password.exposed.utf8.contains(0) else { return false }
        var (data, size): (UnsafeMutableRawPointer?, Int32) = (nil, 0)
        defer { unsafe free(data) }
        guard let computed = unsafe crypt_ra(password.exposed, text, &data, &size) else { return false }
        return unsafe equalInConstantTime(Array(String(cString: computed).utf8), Array(text.utf8))
    }
}
