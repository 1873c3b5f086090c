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
    public var attributes: [String] { source.attributes }
}

/// A mapping of settings.
///
/// The settings of a list's element report their problems to the settings with the list.
private final class GivenSettings: SettingsSource {
    private struct Found {
        var problems: [String] = []
        var attributes: [String] = []
    }

    private let members: JSON
    private let list: GivenSettings?
    private let found = Mutex(Found())

    init(_ members: JSON, in list: GivenSettings? = nil) {
        self.members = members
        self.list = list
    }

    var problems: [String] { found.withLock { $0.problems } }
    var attributes: [String] { found.withLock { $0.attributes } }

    func value(of declaration: SettingDeclaration) -> JSON? {
        members[declaration.key].flatMap { $0 == .null ? nil : $0 }
    }

    func report(_ problem: String, at key: String) {
        if let list { return list.report(problem, at: key) }
        found.withLock { $0.problems.append(problem) }
    }

    func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource]) {
        guard let value = value(of: declaration) else { return (nil, []) }
        let isList = value.elements.allSatisfy { if case .object = $0 { true } else { false } }
        guard case .array(let all) = value, isList, all.count <= limit else {
            report("'\(declaration.key)' must be a list of \(declaration.bounds)", at: declaration.key)
            return (nil, [])
        }
        return (nil, all.map { GivenSettings($0, in: self) })
    }

    func declare(_ attribute: AttributeDeclaration) {
        found.withLock { $0.attributes.append(attribute.name) }
    }
}
