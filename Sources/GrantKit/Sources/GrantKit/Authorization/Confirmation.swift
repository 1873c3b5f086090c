// SPDX-License-Identifier: Apache-2.0

/// The key that a token is bound to, and that its client must prove to hold (RFC 7800 section 3.1, `cnf`).
public struct Confirmation: Sendable, Hashable {
    /// The member of `cnf`, such as `jkt`.
    public var method: String
    /// The member's value.
    public var value: String
    /// The `token_type` of the token response.
    public var tokenType: String

    /// Makes a confirmation.
    public init(_ method: String, _ value: String, tokenType: String) {
        self.method = method
        self.value = value
        self.tokenType = tokenType
    }
}
