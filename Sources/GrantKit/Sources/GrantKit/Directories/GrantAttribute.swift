// SPDX-License-Identifier: Apache-2.0

/// A typed slot by which a plugin reads an attribute that a client can have under each grant.
public struct GrantAttribute<Value: SettingValue>: Sendable {
    /// The attribute's name.
    public let name: String
    /// The value under a grant that has none.
    public let fallback: Value

    init(name: String, fallback: Value) {
        self.name = name
        self.fallback = fallback
    }
}
