// SPDX-License-Identifier: Apache-2.0

/// A sealed text in the store.
struct SealedText: Sendable, Hashable {
    /// The id of the sealing key.
    var key: String
    var nonce: [UInt8]
    /// The ciphertext and its tag.
    var text: [UInt8]
}
