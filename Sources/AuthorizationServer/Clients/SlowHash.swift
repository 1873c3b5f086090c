// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A slow hash of a secret, which remembers the secret once it has matched.
public protocol SlowHash: Sendable {
    /// Compares a secret with the hash.
    ///
    /// - Parameters:
    ///   - secret: The secret.
    ///   - address: The address of the caller; each address gets a bounded number of places.
    /// - Returns: Whether the secret is the one that was hashed.
    /// - Throws: `OAuthError` `temporarily_unavailable` if all places are taken.
    func matches(_ secret: Secret, from address: String) async throws -> Bool
}
