// SPDX-License-Identifier: Apache-2.0

/// A warning on the consent page.
public struct ConsentWarning: Sendable {
    /// The name of one of the texts that the plugin added together with a page.
    public var text: String
    /// The values of the variables in the text, which has them as `{name}`; they are escaped.
    public var values: [String: String]

    /// Makes a warning.
    ///
    /// - Parameters:
    ///   - text: The name of one of the texts that the plugin added together with a page.
    ///   - values: The values of the variables in the text.
    public init(_ text: String, _ values: [String: String] = [:]) {
        self.text = text
        self.values = values
    }
}
