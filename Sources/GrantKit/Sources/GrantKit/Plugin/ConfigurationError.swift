// SPDX-License-Identifier: Apache-2.0

/// A problem with a setting, because of which the server does not start.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let message: String
    /// The setting's key in the plugin's section; nil for the plugin as a whole.
    public let key: String?

    /// The message.
    public var description: String { message }

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - message: What is wrong and what to do.
    ///   - key: The setting's key in the plugin's section; nil for the plugin as a whole.
    public init(_ message: String, at key: String? = nil) {
        self.message = message
        self.key = key
    }
}
