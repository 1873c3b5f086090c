// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 digest of a whole token, by which it is found again.
///
/// The time of a look-up tells nothing about tokens, because nobody can choose digests.
struct TokenDigest: Hashable, Sendable {
    /// The digest, in a value that needs no memory of its own.
    private let words: SIMD4<UInt64>

    init(of token: [UInt8]) {
        // Safe: the digest has 32 bytes, as many as four words.
        words = unsafe Digest.sha256(token).withUnsafeBytes { unsafe $0.loadUnaligned(as: SIMD4<UInt64>.self) }
    }
}
