// SPDX-License-Identifier: Apache-2.0

/// What came of a person's attempt to sign in with a password.
public enum PasswordOutcome: Sendable {
    /// The password is the user's, and the user is active.
    case verified(User)
    /// The password is the user's, and the user is inactive: only who knows the password may be told.
    case inactive
    /// Unknown account or wrong password: the caller cannot tell which.
    case refused
    /// Too many attempts: not before this long.
    case later(Duration)
}
