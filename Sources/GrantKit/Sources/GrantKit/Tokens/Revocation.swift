// SPDX-License-Identifier: Apache-2.0

/// What a revocation ends.
public enum Revocation: Sendable, Hashable {
    /// One token, by its id.
    case token(String)
    /// All that came of one approval, by its grant id; by the id of a consent, all that came of it.
    case grant(String)
    /// A session with all that was issued under it, by its id.
    case session(String)
}
