// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Compares the secrets of clients without keeping any of them readable.
public protocol SecretVerifier: Sendable {
    /// What stands in memory for a secret: a digest under a key that only this process has.
    func keyedDigest(_ secret: Secret) -> Secret

    /// A check of a secret that was brought along as a slow hash, or nil if the text is no hash.
    ///
    /// The check itself runs elsewhere than on the caller's thread, in bounded places.
    func slowHash(_ text: String) -> (any SlowHash)?
}

/// A secret that is known by a hash that is slow to compute; the secret that once matched is known from then on.
public protocol SlowHash: Sendable {
    /// Whether a secret is the one that was hashed.
    ///
    /// - Parameters:
    ///   - secret: The secret.
    ///   - address: Who asks; the places of one address are bounded.
    /// - Returns: Whether it is.
    /// - Throws: `OAuthError` `temporarily_unavailable` if all places are taken.
    func matches(_ secret: Secret, from address: String) async throws -> Bool
}

/// One of a client's secrets.
struct ClientSecret: Sendable {
    /// How it is known.
    enum Form: Sendable {
        /// By a digest under the process's key.
        case digest(Secret)
        /// By its SHA-256, which is enough for 256 random bits.
        case generated(Secret)
        /// By a hash that is slow to compute.
        case slow(any SlowHash)
    }

    let form: Form
    /// When it ends, if another one has taken its place.
    var until: Timestamp?
}
