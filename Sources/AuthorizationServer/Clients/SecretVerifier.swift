// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Compares the secrets of clients without keeping any of them readable.
public protocol SecretVerifier: Sendable {
    /// What is kept in memory of a secret: a digest under a key that only this process has.
    func keyedDigest(_ secret: Secret) -> Secret

    /// A check of a secret that was imported as a slow hash, or nil if it is no hash.
    ///
    /// The check itself runs elsewhere than on the caller's thread, in bounded places.
    func slowHash(_ text: String) -> (any SlowHash)?
}
