// SPDX-License-Identifier: Apache-2.0

/// A typed slot by which a plugin reads an attribute of clients.
public struct ClientAttribute<Value: SettingValue>: Sendable {
    /// The attribute's name.
    public let name: String
    /// Where it stands.
    public let level: AttributeLevel
    /// The value of a client that has none.
    public let fallback: Value

    init(name: String, level: AttributeLevel, fallback: Value) {
        self.name = name
        self.level = level
        self.fallback = fallback
    }
}
