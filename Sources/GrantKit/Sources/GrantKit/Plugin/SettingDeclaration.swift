// SPDX-License-Identifier: Apache-2.0

/// What is known of a setting without reading a configuration: its line in the reference.
@_spi(Host)
public struct SettingDeclaration: Sendable, Hashable {
    /// The key, as it is in the file; in the reference, that of an element of a list is `<list>[].<key>`.
    public internal(set) var key: String
    /// What kind of value it takes.
    public let expectation: String
    /// The value it has if the file has none; nil if the file must have one.
    public let fallback: JSON?
    /// A value for the reference of a setting that must be there.
    public let example: JSON
    /// The bounds, in words, or nothing.
    public let bounds: String
    /// What it is for, in one sentence.
    public let help: String
    /// Whether the value is a secret, which is never shown.
    public let isSecret: Bool

    /// The declaration as the reference shows it, for a setting of each element of a list.
    ///
    /// - Parameter list: The key of the list.
    /// - Returns: The declaration.
    public func inElements(of list: String) -> SettingDeclaration {
        var shown = self
        shown.key = "\(list)[].\(key)"
        return shown
    }
}
