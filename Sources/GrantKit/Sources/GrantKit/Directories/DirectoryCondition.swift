// SPDX-License-Identifier: Apache-2.0

/// What has to be so for a change to be made.
public enum DirectoryCondition: Sendable, Hashable {
    /// Nothing.
    case any
    /// There must be one.
    case exists
    /// There must be none.
    case absent
    /// It must be in one of these states.
    case version([String])
}
