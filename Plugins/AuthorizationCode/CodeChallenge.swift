// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// PKCE: binds a code to the client that asked for it (RFC 7636).
enum CodeChallenge {
    /// The only supported method: with `plain`, anyone who sees the request can redeem the code (RFC 7636 section 7.2).
    static let method = "S256"

    /// Whether a string can be the SHA-256 digest of a verifier (RFC 7636 section 4.2).
    static func isChallenge(_ text: String) -> Bool {
        text.utf8.count == 43 && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F }
    }

    /// Whether a string has the syntax of a verifier (RFC 7636 section 4.1).
    static func isVerifier(_ text: String) -> Bool {
        (43...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F, 0x7E].contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
