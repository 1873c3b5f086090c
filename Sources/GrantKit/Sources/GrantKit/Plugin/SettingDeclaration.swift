// SPDX-License-Identifier: Apache-2.0

/// A setting as its plugin declares it, which is its line in the reference.
@_spi(Host)
public struct SettingDeclaration: Sendable, Hashable {
    /// The key, as written in the file.
    ///
    /// In the reference, the key of a list's element is `<list>[].<key>`.
    public internal(set) var key: String
    /// The kind of value that it accepts, in words.
    public let expectation: String
    /// The default; nil if the setting is required.
    public let fallback: JSON?
    /// An example of a required setting, for the reference.
    public let example: JSON
    /// The bounds, in words; empty if there are none.
    public let bounds: String
    /// The purpose of the setting, in one sentence.
    public let help: String
    /// Whether the value is a secret, which is never shown.
    public let isSecret: Bool

    /// Declares a setting.
    ///
    /// - Parameters:
    ///   - key: The key, as written in the file.
    ///   - expectation: The kind of value that it accepts, in words.
    ///   - fallback: The default; nil if the setting is required.
    ///   - example: An example of a required setting.
    ///   - bounds: The bounds, in words; empty if there are none.
    ///   - help: The purpose of the setting, in one sentence.
    ///   - isSecret: Whether the value is a secret, which is never shown.
    public init(
        key: String, expectation: String, fallback: JSON?, example: JSON, bounds: String, help: String, isSecret: Bool
    ) {
        self.key = key
        self.expectation = expectation
        self.fallback = fallback
        self.example = example
        self.bounds = bounds
        self.help = help
        self.isSecret = isSecret
    }

    /// The declaration for the reference, if the setting belongs to the elements of a list.
    ///
    /// - Parameter list: The key of the list.
    /// - Returns: The declaration.
    public func inElements(of list: String) -> SettingDeclaration {
        var shown = self
        shown.key = "\(list)[].\(key)"
        return shown
    }
}
