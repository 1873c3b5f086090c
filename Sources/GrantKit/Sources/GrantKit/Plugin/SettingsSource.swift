// SPDX-License-Identifier: Apache-2.0

/// Where settings come from: the configuration, or a recorder that only notes what is asked for.
@_spi(Host)
public protocol SettingsSource: AnyObject, Sendable {
    /// The value of a setting, or nil if the configuration has none.
    func value(of declaration: SettingDeclaration) -> JSON?
    /// Notes what is wrong with a value; the start is refused once all are known.
    ///
    /// - Parameters:
    ///   - problem: What is wrong.
    ///   - key: The key of the value; of an element of a list, an empty key means the whole element.
    func report(_ problem: String, at key: String)
    /// The elements of a list of mappings, each with settings of its own.
    ///
    /// - Parameters:
    ///   - declaration: The list.
    ///   - limit: The most elements that it may have; more are a problem.
    /// - Returns: A source that only notes what each element is asked for, if the reference needs it; and the elements.
    func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource])
    /// Notes an attribute of clients that the plugin reads.
    func declare(_ attribute: AttributeDeclaration)
}

@_spi(Host)
extension SettingsSource {
    /// None.
    public func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource]) {
        (nil, [])
    }
}
