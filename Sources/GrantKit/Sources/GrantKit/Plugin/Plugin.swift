// SPDX-License-Identifier: Apache-2.0

/// A unit of the authorization server that can be replaced without rebuilding it.
///
/// A plugin is trusted code: it runs in the server's process, and a trap in it ends the server.
public protocol Plugin: Sendable {
    /// What it is called and what it is for.
    static var manifest: PluginManifest { get }

    /// Reads its settings and declares the client attributes it reads; no input or output.
    ///
    /// - Throws: `ConfigurationError`, pointing at the setting.
    init(settings: Settings, host: any PluginHost) throws

    /// Says what it adds; no input or output.
    ///
    /// - Throws: `ConfigurationError`.
    func register(in registry: inout Registry) throws

    /// Opens what it needs, before the first request.
    func start() async throws

    /// Closes what it opened, after the last request that uses it.
    func stop() async
}

extension Plugin {
    /// Nothing.
    public func start() async throws {}

    /// Nothing.
    public func stop() async {}
}
