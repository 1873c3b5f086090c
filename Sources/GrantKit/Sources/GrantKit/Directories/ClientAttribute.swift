// SPDX-License-Identifier: Apache-2.0

/// A client attribute of a type that a client has once, at the top of its document or under one grant.
///
/// A plugin gets it from `Settings.clientAttribute` and reads a client's value with `client[attribute]`.
public struct ClientAttribute<Value: SettingValue>: Sendable {
    /// The attribute's name.
    public let name: String
    /// The key of the grant under which it is written; nil at the top of the document.
    public let grant: String?
    /// The default.
    public let fallback: Value

    init(name: String, grant: String?, fallback: Value) {
        self.name = name
        self.grant = grant
        self.fallback = fallback
    }
}
