// SPDX-License-Identifier: Apache-2.0

/// What the text of a password in a document is.
public enum PasswordForm: Sendable, Hashable {
    /// The password itself.
    case plain
    /// A slow hash of it; one that is not current is replaced when its owner signs in.
    case hash(isCurrent: Bool)
    /// It starts as a slow hash does but is none that can be verified.
    case unusable
}
