// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A plugin whose library has the C interface: its stand-ins call the library in this process.
package final class CInterfacePlugin: Plugin, PluginCaller {
    /// Describes the type; each plugin describes itself in its description.
    package static var manifest: PluginManifest {
        PluginManifest(id: "foreign", summary: "a plugin whose library has the C interface", specification: "")
    }

    package let host: any PluginHost
    private let id: String
    private let plugin: CPlugin
    private let description: PluginDescription
    private let calls: HostCalls
    private let limit: Duration
    private let run: CPlugin.Runner

    /// Refuses: such a plugin is made from its description.
    package init(settings: Settings, host: any PluginHost) throws {
        throw ConfigurationError("a plugin whose library has the C interface is made from its description")
    }

    /// Makes a plugin.
    ///
    /// - Parameters:
    ///   - plugin: What the library has made of the settings.
    ///   - description: What it has said about itself.
    ///   - host: The host that the core lends to the plugin.
    ///   - limit: How long a call may take. The caller sees to it; the library is only told.
    ///   - run: Runs functions of the library, which may block the thread.
    package init(
        _ plugin: CPlugin, _ description: PluginDescription, _ host: any PluginHost, within limit: Duration,
        on run: @escaping CPlugin.Runner
    ) {
        id = description.manifest.id
        self.host = host
        self.plugin = plugin
        self.description = description
        self.limit = limit
        self.run = run
        // What such a library could do anyway needs no permission.
        calls = HostCalls(
            host, of: id, declared: description.hostCalls, permitted: Set(HostPermission.allCases),
            jobs: description.jobs)
    }

    /// Adds a stand-in for each role of the description.
    package func register(in registry: inout Registry) throws {
        try description.register(in: &registry, self)
    }

    /// Has the library start the plugin.
    package func start() async throws {
        _ = try await output(of: "start", nil, [:], within: nil)
    }

    /// Has the library stop the plugin and release it.
    package func stop() async {
        _ = try? await output(of: "stop", nil, [:], within: nil)
        plugin.release()
    }

    package func output(
        of function: String, role: Int, _ input: JSON, within limit: Duration?
    ) async throws -> JSON {
        try await output(of: function, role, input, within: limit)
    }

    package func checkAttributes(_ input: JSON) async throws -> JSON {
        // What the host has made for a call of another plugin is not this one's.
        try await LentValues.$current.withValue(nil) {
            try await output(of: "check_attributes", nil, input, within: nil)
        }
    }

    private func output(
        of function: String, _ role: Int?, _ input: JSON, within limit: Duration?
    ) async throws -> JSON {
        let outcome = try await plugin.call(
            function, role: role, input, within: limit ?? self.limit, at: host.now, declared: description.hostCalls,
            on: run
        ) { [calls] in await calls.reply(to: $0) }
        return try outcome.output(of: id)
    }
}
