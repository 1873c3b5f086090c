// SPDX-License-Identifier: Apache-2.0

/// What a member of the server's metadata holds (RFC 8414 section 2).
public enum MetadataValue: Sendable, Hashable {
    /// A list that plugins add to.
    case union([String])
    /// One value; two plugins that give different ones stop the start.
    case value(JSON)
}
