// SPDX-License-Identifier: Apache-2.0

/// What is known of a client attribute without a client: its line in the reference, and how a value is checked.
@_spi(Host)
public struct AttributeDeclaration: Sendable {
    /// The attribute's name.
    public let name: String
    /// Where it is written.
    public let level: AttributeLevel
    /// The kind of its values.
    public let kind: ValueKind
    /// What kind of value it takes, in words.
    public let expectation: String
    /// The value of a client that has none.
    public let fallback: JSON
    /// What it is for, in one sentence.
    public let help: String
    /// The type of its values, which decides where the kind does not.
    private let type: any SettingValue.Type

    init<Value: SettingValue>(
        _ name: String, at level: AttributeLevel, _ kind: ValueKind = ValueKind(of: Value.self),
        default fallback: Value, _ help: String
    ) {
        self.name = name
        self.level = level
        self.kind = kind
        expectation = kind.expectation ?? Value.expectation
        self.fallback = fallback.setting
        self.help = help
        type = Value.self
    }

    /// Whether a value is of the declared kind; if that is a type of the plugin, the type is asked.
    public func accepts(_ value: JSON) -> Bool {
        kind.accepts(value) ?? (type.init(setting: value) != nil)
    }
}
