// SPDX-License-Identifier: Apache-2.0

/// The PIN was handed out and no key came back: it may be wrong, which a token lets happen a few times only.
///
/// Providers do not say whether the PIN or the label of the object was wrong.
struct RefusedPIN: Error, CustomStringConvertible {
    let description: String

    init(_ uri: String) {
        description =
            "no private key at '\(uri)': check the labels of token and object, and the PIN, which is not tried again "
            + "until the next start, since a token locks itself after a few wrong ones"
    }
}
