// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Compares client secrets without keeping any of them in plain text.
public protocol SecretVerifier: Sendable {
    /// Computes the digest that is kept in memory for a secret, under a key that only this process has.
    func keyedDigest(_ secret: Secret) -> Secret

    /// Returns a check of a secret that was imported as a slow hash; nil if the string is not such a hash.
    ///
    /// The check runs off the caller's thread, in a bounded number of places.
    func slowHash(_ text: String) -> (any SlowHash)?
}
