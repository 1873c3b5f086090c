// SPDX-License-Identifier: Apache-2.0

/// A setting that stops the start, with the key it stands at.
public struct ConfigurationError: Error, Sendable {
    /// What is wrong and what to do.
    public let message: String
    /// The setting's key within the plugin's section, or nil for the plugin as a whole.
    public let key: String?

    /// Makes an error.
    public init(_ message: String, at key: String? = nil) {
        self.message = message
        self.key = key
    }
}
