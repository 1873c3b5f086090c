// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
@_spi(Host) public import GrantKit
import Logging
import PluginProcesses
import ServerConfiguration
import Synchronization

/// Runs the built libraries of plugins in processes of their own, in place of the plugins that are linked.
///
/// The variable `GRANTOR_ISOLATED` names the plugins, or is `all`. A plugin that cannot be isolated stays as it is.
public enum IsolatedLibraries {
    private static let chosen: [String] =
        ProcessInfo.processInfo.environment["GRANTOR_ISOLATED"]?.split(separator: ",").map(String.init) ?? []
    /// The build leaves the program and the libraries beside the test bundle.
    private static let products = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().path

    /// The plugin, or the one that runs its library in processes of its own.
    static func replacing(_ type: any Plugin.Type) -> any Plugin.Type {
        guard chosen.contains("all") || chosen.contains(type.manifest.id) else { return type }
        return isolated(type)
    }

    /// The plugin that runs the library of another one in processes of its own.
    public static func isolated(_ type: any Plugin.Type) -> any Plugin.Type {
        isolatedType(of: type)
    }

    /// The function is generic to open the plugin's type.
    private static func isolatedType<Original: Plugin>(of type: Original.Type) -> any Plugin.Type {
        IsolatedLibrary<Original>.self
    }

    /// Why the roles of a plugin cannot be isolated; nil if they can.
    public static func refusal(of type: any Plugin.Type, _ settings: JSON) -> String? {
        do {
            let program = self.program(
                type.manifest.id, settings, "https://id.example.com", SignatureAlgorithm.ownNames)
            _ = try description(of: program)
            return nil
        } catch {
            return "\(error)"
        }
    }

    static func program(
        _ id: String, _ settings: JSON, _ issuer: String, _ algorithms: [String]
    ) -> PluginProgram {
        var limits = ProcessLimits()
        // Debug builds of many tests at once share few processors.
        (limits.call, limits.start, limits.memory) = (.seconds(30), .seconds(60), 1 << 30)
        return PluginProgram(
            plugin: id,
            arguments: ["\(products)/grantor", "plugin-host", "--still-clock", id, "\(products)/lib\(id).so"],
            settings: settings, server: ServerFacts(issuer: issuer, basePath: "/auth", algorithms: algorithms),
            limits: limits, permissions: Set(HostPermission.allCases))
    }

    private static let known = Mutex<[String: Result<PluginDescription, any Error>]>([:])

    /// The description of a program, which is asked for once.
    static func description(of program: PluginProgram) throws -> PluginDescription {
        let key = "\(program.plugin) \(program.settings.text) \(program.server)"
        if let found = known.withLock({ $0[key] }) { return try found.get() }
        let result = Result {
            let description = try PluginDescription(form: PluginDescriber.describe(program), of: program.plugin)
            try description.checkIsolation()
            return description
        }
        known.withLock { $0[key] = result }
        return try result.get()
    }
}

/// A plugin whose library runs in processes of its own.
///
/// The linked plugin is made too, so that it reports the problems of settings as always.
private final class IsolatedLibrary<Original: Plugin>: Plugin {
    static var manifest: PluginManifest { Original.manifest }

    private let linked: Original
    /// Nil if the plugin has a role that cannot be isolated.
    private let processes: PluginProcesses?

    init(settings: Settings, host: any PluginHost) throws {
        let attributes = HeldAttributes(of: settings)
        linked = try Original(settings: Settings(attributes), host: host)
        let program = IsolatedLibraries.program(
            Original.manifest.id, settings.section, host.issuer, host.keys.algorithms)
        do {
            let description = try IsolatedLibraries.description(of: program)
            let quiet = Logger(label: "isolated") { _ in SwiftLogNoOpLogHandler() }
            processes = PluginProcesses(program, description, host, quiet)
            for attribute in description.attributes { attributes.settings.declare(attribute) }
        } catch let error as PluginStartError where error.refusesIsolation {
            processes = nil
            for attribute in attributes.all.withLock({ $0 }) { attributes.settings.declare(attribute) }
        }
    }

    func register(in registry: inout Registry) throws {
        guard let processes else { return try linked.register(in: &registry) }
        try processes.register(in: &registry)
    }

    func start() async throws {
        guard let processes else { return try await linked.start() }
        try await processes.start()
    }

    func stop() async {
        guard let processes else { return await linked.stop() }
        await processes.stop()
    }
}

/// Settings that keep the attributes of a plugin to themselves, since those of its description take their place.
private final class HeldAttributes: SettingsSource {
    let settings: any SettingsSource
    let all = Mutex<[AttributeDeclaration]>([])

    init(of settings: Settings) {
        self.settings = settings.source ?? PluginSettings([:])
    }

    func value(of declaration: SettingDeclaration) -> JSON? { settings.value(of: declaration) }
    func report(_ problem: String, at key: String) { settings.report(problem, at: key) }
    func declare(_ attribute: AttributeDeclaration) { all.withLock { $0.append(attribute) } }

    func elements(
        of declaration: SettingDeclaration, atMost limit: Int
    ) -> (template: (any SettingsSource)?, elements: [any SettingsSource]) {
        settings.elements(of: declaration, atMost: limit)
    }
}

extension Settings {
    /// Where the kit reads, which it shows to nobody.
    fileprivate var source: (any SettingsSource)? {
        Mirror(reflecting: self).children.first { $0.label == "source" }?.value as? any SettingsSource
    }

    /// The plugin's section of the configuration.
    fileprivate var section: JSON {
        let members = source.map { Mirror(reflecting: $0).children.first { $0.label == "members" }?.value }
        return members as? JSON ?? [:]
    }
}
