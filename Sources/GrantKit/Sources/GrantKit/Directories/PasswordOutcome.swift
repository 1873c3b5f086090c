// SPDX-License-Identifier: Apache-2.0

/// The result of checking a password.
public enum PasswordOutcome: Sendable {
    /// The password is right, and the user is active.
    case verified(User)
    /// The password is right, but the user is inactive.
    ///
    /// Only someone who knows the password may learn that.
    case inactive
    /// The account is unknown or the password is wrong.
    ///
    /// The caller cannot tell which.
    case refused
    /// There were too many attempts.
    ///
    /// The next one is allowed after this time.
    case later(Duration)
}
