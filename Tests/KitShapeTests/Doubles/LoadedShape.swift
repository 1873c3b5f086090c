// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

/// Records what a plugin reads; a required setting gets its example.
final class RecordingSettings: SettingsSource {
    private struct Record {
        var settings: [String] = []
        var attributes: [String] = []
    }

    private let record = Mutex(Record())

    var settings: [String] { record.withLock { $0.settings } }
    var attributes: [String] { record.withLock { $0.attributes } }

    func value(of declaration: SettingDeclaration) -> JSON? {
        record.withLock { $0.settings.append(declaration.key) }
        return declaration.fallback == nil ? declaration.example : nil
    }

    func report(_ problem: String, at key: String) {}

    func declare(_ attribute: AttributeDeclaration) {
        record.withLock { $0.attributes.append(attribute.name) }
    }
}

/// A plugin that was created and registered as the server does it.
struct LoadedShape: Sendable {
    let host: TestHost
    let settings = RecordingSettings()
    let registry: Registry

    init(_ type: any Plugin.Type, host: TestHost = TestHost()) throws {
        self.host = host
        let plugin = try type.init(settings: Settings(settings), host: host)
        var registry = Registry()
        try plugin.register(in: &registry)
        self.registry = registry
    }
}

extension Registry {
    /// Everything that was registered, one line each.
    var lines: Set<String> {
        let present =
            grants.map { "grant \($0.declaration.key)" } + extensions.flatMap(\.members).map { "member \($0)" }
            + endpoints.map { $0.route.line } + collections.map { "collection \($0.name)" }
            + scopesOnRequest.map { "scope on request \($0)" } + metadata.map { "metadata \($0.name)" }
        let later =
            flows.map { "flow \($0.word)" } + documents.map { "document \($0.name)" }
            + authenticators.flatMap { $0.methods }.map { "authenticates \($0.name)" }
            + steps.map { "step \($0.name)" } + laterRoles.map(\.line)
            + outboxes.flatMap(\.kinds).map { "outbox \($0.rawValue)" }
            + (requestFilters.flatMap(\.parameters) + tokenFilters.flatMap(\.parameters)).map { "filters \($0.name)" }
        let made = products.map { "product \($0.types.joined(separator: ","))" }
        return Set(present + later).union(made)
    }
}
