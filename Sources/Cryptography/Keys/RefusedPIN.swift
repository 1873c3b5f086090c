// SPDX-License-Identifier: Apache-2.0

/// The error when a provider asked for the PIN and returned no key, so that the PIN may be wrong.
///
/// Providers do not say whether the PIN or the label of the object was wrong, and a token allows only a few wrong PINs.
struct RefusedPIN: Error, CustomStringConvertible {
    let description: String

    init(_ uri: String) {
        description =
            "no private key at '\(uri)': check the labels of the token and the object, and the PIN. The PIN is not "
            + "tried again until the next start, since a token locks itself after a few wrong PINs"
    }
}
