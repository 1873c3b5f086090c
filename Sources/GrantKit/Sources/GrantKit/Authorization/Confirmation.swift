// SPDX-License-Identifier: Apache-2.0

/// Ties a token to a key that its bearer must hold (RFC 7800, `cnf`).
public struct Confirmation: Sendable, Hashable {
    /// The member of `cnf`, such as `jkt`.
    public var method: String
    /// The member's value.
    public var value: String
    /// The `token_type` that a client sees.
    public var tokenType: String

    /// Makes a confirmation.
    public init(_ method: String, _ value: String, tokenType: String) {
        self.method = method
        self.value = value
        self.tokenType = tokenType
    }
}
