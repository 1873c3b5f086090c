// SPDX-License-Identifier: Apache-2.0

/// The form of a password in a document.
public enum PasswordForm: Sendable, Hashable {
    /// Plain text.
    case plain
    /// A slow hash; one that is not current is replaced when its owner signs in.
    case hash(isCurrent: Bool)
    /// A string that starts like a slow hash, but cannot be verified.
    case unusable
}
