// SPDX-License-Identifier: Apache-2.0

import CCrypt
import Glibc
public import GrantKit

/// A password that was brought along hashed with bcrypt: `$2a$`, `$2b$` or `$2y$`.
public struct BcryptHash: Sendable {
    private let text: String

    /// Takes a hash, or gives nil if the text is none or its cost is above 15, which takes two seconds.
    public init?(_ text: String) {
        guard let match = text.wholeMatch(of: /\$2[aby]\$([0-9]{2})\$[.\/A-Za-z0-9]{53}/), let cost = Int(match.1),
            (4...15).contains(cost)
        else { return nil }
        self.text = text
    }

    /// Whether a password is the one that was hashed; slow, so not for a request's own thread.
    ///
    /// bcrypt reads no more than 72 bytes and ends at a NUL byte; a password that holds one is refused.
    public func matches(_ password: Secret) -> Bool {
        guard !password.exposed.utf8.contains(0) else { return false }
        var (data, size): (UnsafeMutableRawPointer?, Int32) = (nil, 0)
        defer { free(data) }
        guard let computed = crypt_ra(password.exposed, text, &data, &size) else { return false }
        return equalInConstantTime(Array(String(cString: computed).utf8), Array(text.utf8))
    }
}
