// SPDX-License-Identifier: Apache-2.0

/// A mistake of a plugin that the host found: a server answers with `server_error`, and its log has this sentence.
public struct HostRefusal: Error, CustomStringConvertible, Sendable {
    /// What the plugin did, and what to do instead.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
