// SPDX-License-Identifier: Apache-2.0

/// What the store holds of a sealed text.
struct SealedText: Sendable, Hashable {
    /// The id of the key that opens it.
    var key: String
    var nonce: [UInt8]
    /// The ciphertext and its tag.
    var text: [UInt8]
}
