// SPDX-License-Identifier: Apache-2.0

/// What is known of a setting without reading a configuration: its line in the reference.
public struct SettingDeclaration: Sendable, Hashable {
    /// The key, as it is in the file.
    public let key: String
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
}
