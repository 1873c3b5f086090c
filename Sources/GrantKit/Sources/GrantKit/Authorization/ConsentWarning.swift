// SPDX-License-Identifier: Apache-2.0

/// A warning on the consent page.
public struct ConsentWarning: Sendable {
    /// The key of one of the strings that the plugin added with a page.
    public var text: String
    /// The values of the variables in the string, which are written `{name}`; the values are escaped.
    public var values: [String: String]

    /// Makes a warning.
    ///
    /// - Parameters:
    ///   - text: The key of one of the strings that the plugin added with a page.
    ///   - values: The values of the variables in the string.
    public init(_ text: String, _ values: [String: String] = [:]) {
        self.text = text
        self.values = values
    }
}
