// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// Settings for a test of a plugin, and the problems that were found with them.
public final class TestSettings: Sendable {
    private let source: GivenSettings

    /// Makes settings from the plugin's section, as it would be in the configuration.
    public init(_ members: JSON = [:]) {
        source = GivenSettings(members)
    }

    /// The settings, for the plugin's `init`.
    public var settings: Settings { Settings(source) }

    /// The problems with values that the plugin has read, in the order in which it read them.
    ///
    /// With any of them, the server would not start. An error that the plugin's `init` throws is not included.
    public var problems: [String] { source.problems }

    /// The names of the client attributes that the plugin has declared.
    public var attributes: [String] { source.attributes.map(\.name) }

    /// The settings that the plugin has read, in the order in which it read them.
    ///
    /// Those in the elements of a list follow the list.
    @_spi(Host)
    public var declarations: [SettingDeclaration] { source.declarations }

    /// The client attributes that the plugin has declared.
    @_spi(Host)
    public var attributeDeclarations: [AttributeDeclaration] { source.attributes }
}

/// A mapping of settings.
///
/// The settings of a list's element report their problems to the settings with the list. A template records
/// what is read of any element.
private final class GivenSettings: SettingsSource {
    private struct Found {
        var problems: [String] = []
        var attributes: [AttributeDeclaration] = []
        var asked: [SettingDeclaration] = []
        var templates: [(key: String, settings: GivenSettings)] = []
    }

    private let members: JSON
    private let isTemplate: Bool
    private let list: GivenSettings?
    private let found = Mutex(Found())

    init(_ members: JSON, in list: GivenSettings? = nil, isTemplate: Bool = false) {
        self.members = members
        self.list = list
        self.isTemplate = isTemplate
    }

    var problems: [String] { found.withLock { $0.problems } }
    var attributes: [AttributeDeclaration] { found.withLock { $0.attributes } }

    var declarations: [SettingDeclaration] {
        let (asked, templates) = found.withLock { ($0.asked, $0.templates) }
        return asked.flatMap { setting in
            let template = templates.first { $0.key == setting.key }?.settings
            return [setting] + (template?.declarations.map { $0.inElements(of: setting.key) } ?? [])
        }
    }

    func value(of declaration: SettingDeclaration) -> JSON? {
        found.withLock { $0.asked.append(declaration) }
        if isTemplate { return declaration.fallback == nil ? declaration.example : nil }
        return members[declaration.key].flatMap { $0 == .null ? nil : $0 }
    }

    func report(_ problem: String, at key: String) {
        if let list { return list.report(problem, at: key) }
        found.withLock { $0.problems.append(problem) }
    }

    func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource]) {
        let template = GivenSettings([:], isTemplate: true)
        found.withLock { $0.templates.append((declaration.key, template)) }
        guard let value = value(of: declaration) else { return (template, []) }
        let isList = value.elements.allSatisfy { if case .object = $0 { true } else { false } }
        guard case .array(let all) = value, isList, all.count <= limit else {
            report("'\(declaration.key)' must be a list of \(declaration.bounds)", at: declaration.key)
            return (template, [])
        }
        return (template, all.map { GivenSettings($0, in: self) })
    }

    func declare(_ attribute: AttributeDeclaration) {
        found.withLock { $0.attributes.append(attribute) }
    }
}
