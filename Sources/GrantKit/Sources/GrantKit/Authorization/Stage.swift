// SPDX-License-Identifier: Apache-2.0

/// When a part of an answer is made.
public enum Stage: Int, Sendable, Hashable {
    /// What is good for something by itself, such as a code or a token.
    case credential
    /// What vouches for other members, and therefore comes after them.
    case assertion
}
