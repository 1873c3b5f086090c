// SPDX-License-Identifier: Apache-2.0

/// The condition under which a change is made.
public enum DirectoryCondition: Sendable, Hashable {
    /// No condition.
    case any
    /// The document must exist.
    case exists
    /// The document must not exist.
    case absent
    /// The document must have one of these versions.
    case version([String])
}
