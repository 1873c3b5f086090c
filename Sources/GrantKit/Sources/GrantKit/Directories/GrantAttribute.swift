// SPDX-License-Identifier: Apache-2.0

/// A client attribute of a type that a client can have under each grant.
///
/// A plugin gets it from `Settings.grantAttribute` and reads a client's value with `client[attribute, under: key]`.
public struct GrantAttribute<Value: SettingValue>: Sendable {
    /// The attribute's name.
    public let name: String
    /// The default.
    public let fallback: Value

    init(name: String, fallback: Value) {
        self.name = name
        self.fallback = fallback
    }
}
