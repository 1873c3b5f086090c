// SPDX-License-Identifier: Apache-2.0

/// The source of settings: the configuration, or a recorder that only notes what is read.
@_spi(Host)
public protocol SettingsSource: AnyObject, Sendable {
    /// The value of a setting; nil if the configuration has none.
    func value(of declaration: SettingDeclaration) -> JSON?
    /// Notes a problem with a value.
    ///
    /// The server reports all problems and does not start.
    ///
    /// - Parameters:
    ///   - problem: What is wrong.
    ///   - key: The key of the value. In an element of a list, an empty key means the whole element.
    func report(_ problem: String, at key: String)
    /// The elements of a list of mappings, each with settings of its own.
    ///
    /// - Parameters:
    ///   - declaration: The list.
    ///   - limit: The maximum number of elements; more are a problem.
    /// - Returns: The elements, and a recorder for the settings of an element if the reference needs one.
    func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource])
    /// Notes a client attribute that the plugin declares.
    func declare(_ attribute: AttributeDeclaration)
}

@_spi(Host)
extension SettingsSource {
    /// No elements.
    public func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource]) {
        (nil, [])
    }
}
