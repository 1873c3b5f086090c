// SPDX-License-Identifier: Apache-2.0

/// Where settings come from: the configuration, or a recorder that only notes what is asked for.
public protocol SettingsSource: AnyObject, Sendable {
    /// The value of a setting, or nil if the configuration has none.
    func value(of declaration: SettingDeclaration) -> JSON?
    /// Notes what is wrong with a value; the start is refused once all are known.
    func report(_ problem: String, at key: String)
    /// Notes an attribute of clients that the plugin reads.
    func declare(_ attribute: AttributeDeclaration)
}
