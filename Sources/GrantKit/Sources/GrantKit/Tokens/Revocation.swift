// SPDX-License-Identifier: Apache-2.0

/// The object of a revocation.
public enum Revocation: Sendable, Hashable {
    /// The token with an id.
    case token(String)
    /// The grant with an id, and everything issued under it; or all grants under the consent with an id.
    case grant(String)
    /// The session with an id, and everything issued under it.
    case session(String)
}
