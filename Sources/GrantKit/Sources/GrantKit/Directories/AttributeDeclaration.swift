// SPDX-License-Identifier: Apache-2.0

/// What is known of a client attribute without a client: its line in the reference, and how a value is checked.
public struct AttributeDeclaration: Sendable {
    /// The attribute's name.
    public let name: String
    /// Where it stands.
    public let level: AttributeLevel
    /// What kind of value it takes.
    public let expectation: String
    /// The value of a client that has none.
    public let fallback: JSON
    /// What it is for, in one sentence.
    public let help: String
    /// Whether a value is of the declared kind.
    public let accepts: @Sendable (JSON) -> Bool

    init<Value>(_ attribute: ClientAttribute<Value>, help: String) {
        name = attribute.name
        level = attribute.level
        expectation = Value.expectation
        fallback = attribute.fallback.setting
        self.help = help
        accepts = { Value(setting: $0) != nil }
    }

    init(_ attribute: ClientAttribute<String>, among words: [String], help: String) {
        name = attribute.name
        level = attribute.level
        expectation = "one of \(words.joined(separator: ", "))"
        fallback = attribute.fallback.setting
        self.help = help
        accepts = { $0.string.map(words.contains) ?? false }
    }

    init(_ attribute: ClientAttribute<Duration>, in bounds: ClosedRange<Duration>, help: String) {
        name = attribute.name
        level = attribute.level
        expectation = "\(Duration.expectation), from \(bounds.words)"
        fallback = attribute.fallback.setting
        self.help = help
        accepts = { Duration(setting: $0).map(bounds.contains) ?? false }
    }
}
