// SPDX-License-Identifier: Apache-2.0

/// A call of a plugin that was given up, or not begun: which plugin, which call, and why.
///
/// A client gets `temporarily_unavailable`, and the log gets the description.
public struct PluginUnavailable: Error, CustomStringConvertible {
    /// What has happened and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
