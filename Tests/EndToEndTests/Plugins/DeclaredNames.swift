// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Synchronization

/// The names that the plugins declare: their ids, and every name of theirs in configurations and requests.
enum DeclaredNames {
    static func all() throws -> Set<String> {
        try Plugins.types.reduce(into: Set(PackagePlugin.all.flatMap { [$0.id, $0.module] })) { names, type in
            let settings = RecordingSettings()
            var registry = Registry()
            try type.init(settings: Settings(settings), host: NoHost()).register(in: &registry)
            names.insert(type.manifest.id)
            names.formUnion(settings.attributes)
            names.formUnion(ofGrants(registry) + ofRoutes(registry) + ofTokens(registry) + ofPeople(registry))
        }
    }

    private static func ofGrants(_ registry: Registry) -> [String] {
        let grants = registry.grants.map(\.declaration) + registry.flows.map(\.grant)
        var parameters = registry.grants.flatMap(\.parameters) + registry.flows.flatMap(\.parameters)
        parameters += registry.requestFilters.flatMap(\.parameters) + registry.tokenFilters.flatMap(\.parameters)
        parameters += registry.authenticators.flatMap(\.parameters)
        return grants.flatMap { [$0.wire, $0.key] + $0.aliases } + registry.flows.map(\.word) + parameters.map(\.name)
    }

    private static func ofRoutes(_ registry: Registry) -> [String] {
        let routes = registry.endpoints.map { $0.route }
        return routes.flatMap { [$0.path] + ($0.metadata.map { [$0] } ?? []) } + registry.metadata.map(\.name)
            + registry.documents.map(\.name)
    }

    private static func ofTokens(_ registry: Registry) -> [String] {
        registry.formats.map(\.name) + registry.extensions.flatMap(\.members) + registry.collections.map(\.name)
            + registry.jobs.map(\.name) + registry.authenticators.flatMap(\.methods).map(\.name)
    }

    private static func ofPeople(_ registry: Registry) -> [String] {
        registry.steps.map(\.name) + registry.pages.map(\.name) + registry.claimsSources.flatMap(\.claims)
            + registry.scopesOnRequest + registry.purposes.map(\.name)
    }

    private final class RecordingSettings: SettingsSource {
        private let declared = Mutex<[String]>([])
        var attributes: [String] { declared.withLock { $0 } }

        func value(of declaration: SettingDeclaration) -> JSON? {
            declaration.fallback == nil && declaration.example != .null ? declaration.example : nil
        }
        func report(_ problem: String, at key: String) {}
        func declare(_ attribute: AttributeDeclaration) { declared.withLock { $0.append(attribute.name) } }
    }
}
