// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A plugin whose parts are functions.
struct ClosurePlugin: Plugin {
    static let manifest = PluginManifest(id: "closure-plugin", summary: "is tested", specification: "")
    static let collection = StoreCollection("closure")

    var add: @Sendable (inout Registry) throws -> Void = { _ in }
    var begin: @Sendable () async throws -> Void = {}
    var end: @Sendable () async -> Void = {}

    init(settings: Settings, host: any PluginHost) {}

    init() {}

    func register(in registry: inout Registry) throws { try add(&registry) }

    func start() async throws { try await begin() }

    func stop() async { await end() }

    /// A key that no other record has.
    static func key(_ host: any PluginHost) -> StoreKey { collection.key(host.random(bytes: 16)) }

    /// The creation of a record that no other one has.
    static func creation(_ host: any PluginHost) -> StoreWrite {
        .create(StoreRecord(key(host), [:], expiresAt: host.now + .seconds(60)))
    }

    /// A plugin that a function makes.
    static func underTest(
        settings: JSON = [:],
        _ build: @escaping @Sendable (inout ClosurePlugin, Settings, any PluginHost) throws -> Void
    ) -> PluginUnderTest {
        PluginUnderTest(manifest, settings: settings) { settings, host in
            var plugin = ClosurePlugin()
            try build(&plugin, settings, host)
            return plugin
        }
    }
}
