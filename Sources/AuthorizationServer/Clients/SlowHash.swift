// SPDX-License-Identifier: Apache-2.0

public import GrantKit

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
