// SPDX-License-Identifier: Apache-2.0

/// The value of a member of the server's metadata (RFC 8414 section 2).
public enum MetadataValue: Sendable, Hashable {
    /// A list to which several plugins can add.
    case union([String])
    /// One value.
    ///
    /// If two plugins give different values, the server does not start.
    case value(JSON)
}
