// SPDX-License-Identifier: Apache-2.0

/// A part of the server that is loaded from a library, so it can be replaced without rebuilding the server.
///
/// A plugin is trusted code. It runs in the server's process, so a trap in it ends the server.
public protocol Plugin: Sendable {
    /// The plugin's id, version and summary.
    static var manifest: PluginManifest { get }

    /// Reads the plugin's settings and declares its client attributes.
    ///
    /// It must do no input or output.
    ///
    /// - Parameters:
    ///   - settings: The plugin's section of the configuration.
    ///   - host: The services of the server, most of which can be used only from `start` on.
    /// - Throws: `ConfigurationError`, which names the setting.
    init(settings: Settings, host: any PluginHost) throws

    /// Adds everything that the plugin offers to a registry.
    ///
    /// It must do no input or output.
    ///
    /// - Parameter registry: The registry.
    /// - Throws: `ConfigurationError`.
    func register(in registry: inout Registry) throws

    /// Opens what the plugin needs, before the first request.
    ///
    /// - Throws: Any error, after which the server does not start.
    func start() async throws

    /// Closes what `start` opened, after the last request that uses the plugin.
    func stop() async
}

extension Plugin {
    /// Does nothing.
    public func start() async throws {}

    /// Does nothing.
    public func stop() async {}
}
