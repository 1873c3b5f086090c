// SPDX-License-Identifier: Apache-2.0

/// The stage at which a part of a response is made.
public enum Stage: Int, Sendable, Hashable {
    /// First, what is useful by itself, such as a code or a token.
    case credential
    /// Then, what depends on other members, such as an ID token with hashes of them.
    case assertion
}
