// SPDX-License-Identifier: Apache-2.0

/// Resolves tokens that this server has issued.
public protocol TokenResolver: Sendable {
    /// The token with a value; nil if this resolver does not know it.
    ///
    /// Check the form of the value before you look it up. The core checks whether the token has expired or was revoked.
    ///
    /// - Parameter value: The value that was presented.
    /// - Returns: The token.
    /// - Throws: `StoreError` if the store fails.
    func resolve(_ value: String) async throws -> ResolvedToken?
}
