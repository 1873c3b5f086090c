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
    /// The type of its values, which checks a value if the kind cannot; nil if the type is in another process.
    private let type: (any SettingValue.Type)?

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

    /// Declares an attribute of a plugin in another process.
    ///
    /// - Parameters:
    ///   - name: The attribute's name.
    ///   - level: The part of a client's document where it is written.
    ///   - kind: The kind of its values; the plugin has to be asked about those of the kind `custom`.
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
        type = nil
    }

    /// Whether only the plugin can check a value, with its ``AttributeCheck``.
    public var isCheckedByPlugin: Bool {
        if case .custom = kind { return type == nil }
        return false
    }

    /// What is wrong with a value, as the rest of a sentence that begins with the attribute's name.
    ///
    /// If the kind is `custom`, the plugin's type decides.
    ///
    /// - Parameter value: The value.
    /// - Returns: The problem; nil if there is none, or if only the plugin can say.
    public func problem(with value: JSON) -> String? {
        let isAccepted = kind.accepts(value) ?? type.map { $0.init(setting: value) != nil } ?? true
        return isAccepted ? nil : type?.problem(in: value) ?? "must be \(expectation)"
    }
}
