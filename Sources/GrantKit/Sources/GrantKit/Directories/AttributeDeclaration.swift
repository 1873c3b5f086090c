// SPDX-License-Identifier: Apache-2.0

/// A client attribute as its plugin declares it: its line in the reference, and how a value is checked.
@_spi(Host)
public struct AttributeDeclaration: Sendable {
    /// The attribute's name.
    public let name: String
    /// The part of a client's document where it is written.
    public let level: AttributeLevel
    /// The kind of its values.
    public let kind: ValueKind
    /// The kind of value that it accepts, in words.
    public let expectation: String
    /// The default.
    public let fallback: JSON
    /// The purpose of the attribute, in one sentence.
    public let help: String
    /// The reasons against some of its values, by value; `grantor check` warns of these values.
    public var advice: [String: String] = [:]
    /// The type of its values, which checks a value if the kind cannot.
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

    /// Declares an attribute of a kind that can be checked without the plugin, for a plugin in another process.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - level: The part of a client's document where it is written.
    ///   - kind: The kind of its values, which must not be `custom`.
    ///   - expectation: The kind of value that it accepts, in words.
    ///   - fallback: The default.
    ///   - help: The purpose of the attribute, in one sentence.
    public init(
        _ name: String, at level: AttributeLevel, _ kind: ValueKind, expectation: String, fallback: JSON, _ help: String
    ) {
        self.name = name
        self.level = level
        self.kind = kind
        self.expectation = kind.expectation ?? expectation
        self.fallback = fallback
        self.help = help
        type = String.self
    }

    /// Whether a value is of the declared kind.
    ///
    /// If the kind is `custom`, the plugin's type decides.
    public func accepts(_ value: JSON) -> Bool {
        kind.accepts(value) ?? (type.init(setting: value) != nil)
    }

    /// What is wrong with a value that is not accepted, as the rest of a sentence that begins with the attribute's name.
    public func problem(with value: JSON) -> String {
        type.problem(in: value) ?? "must be \(expectation)"
    }
}
