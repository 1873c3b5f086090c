// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The tokens whose signatures one key ring has found valid, so that it need not verify them again (decision 0063).
///
/// It holds digests and times, but no tokens and no decisions about them. Whether a token is revoked, and whether its
/// client and user may still use it, is checked at each use.
final class VerifiedSignatures: Sendable {
    /// The maximum number of tokens, which take less than a megabyte.
    static let most = 10_000

    /// The times at which tokens expire.
    private struct Ends {
        var recent: [TokenDigest: Timestamp] = [:]
        /// Those that have not been used since `recent` was last full.
        var former: [TokenDigest: Timestamp] = [:]

        mutating func keep(_ token: TokenDigest, until end: Timestamp) {
            if recent.count >= VerifiedSignatures.most / 2 { (recent, former) = ([:], recent) }
            recent[token] = end
        }
    }

    private let ends = Mutex(Ends())

    /// The number of tokens.
    var count: Int { ends.withLock { $0.recent.count + $0.former.count } }

    /// Whether the signature of a token is known to be valid.
    ///
    /// - Parameters:
    ///   - token: The digest of the token.
    ///   - now: The current time.
    /// - Returns: Whether it is known; always false once the token has expired.
    func contains(_ token: TokenDigest, at now: Timestamp) -> Bool {
        ends.withLock { ends in
            if let end = ends.recent[token] { return end > now }
            guard let end = ends.former.removeValue(forKey: token), end > now else { return false }
            ends.keep(token, until: end)
            return true
        }
    }

    /// Remembers a token whose signature is valid, unless it has expired.
    ///
    /// - Parameters:
    ///   - token: The digest of the token.
    ///   - end: The time at which the token expires.
    ///   - now: The current time.
    func insert(_ token: TokenDigest, until end: Timestamp, at now: Timestamp) {
        guard end > now else { return }
        ends.withLock { $0.keep(token, until: end) }
    }
}
