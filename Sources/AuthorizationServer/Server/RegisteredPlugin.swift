// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// A plugin and what it adds; it stops with the last generation that holds it.
public final class RegisteredPlugin: Sendable {
    /// The plugin's id.
    public let id: String
    /// The plugin itself.
    public let plugin: any Plugin
    /// Everything that the plugin adds.
    public let registry: Registry
    /// The host that the plugin was made with.
    public let host: LentHost
    /// The collections that the plugin has declared.
    let collections: DeclaredCollections
    /// The plugin's store, with its results checked; nil if it provides none.
    public let store: CheckedStore?
    /// The client attributes that the plugin reads.
    package let attributes: [AttributeDeclaration]
    /// The events that wait for the plugin's sinks.
    let queues: [EventQueue]
    /// The threads of a plugin from outside of the server; nil for one that comes with it.
    let threads: PluginThreads?
    private let isRunning = Mutex(false)

    /// Registers a plugin, which may use the store of its host from then on.
    ///
    /// - Parameters:
    ///   - plugin: The plugin.
    ///   - registry: Everything that it adds.
    ///   - attributes: The client attributes that it reads.
    ///   - host: The host that it was made with, and no other plugin.
    ///   - threads: The threads on which it starts and stops, if it is from outside of the server. What it adds runs
    ///     there if `registry` is what ``PluginThreads/forwarding(_:)`` returns.
    package init(
        _ plugin: any Plugin, adding registry: Registry, attributes: [AttributeDeclaration], host: LentHost,
        threads: PluginThreads? = nil
    ) {
        let id = host.plugin
        self.id = id
        self.plugin = plugin
        self.registry = registry
        self.host = host
        collections = host.declare(registry.collections)
        store = registry.stores.first.map { CheckedStore($0, of: id) }
        self.attributes = attributes
        queues = registry.eventSinks.map { EventQueue($0, plugin: id) }
        self.threads = threads
    }

    deinit {
        guard isRunning.withLock({ $0 }) else { return }
        // Detached, because the task that releases the plugin may be a call of another plugin, which may write nothing
        // after its deadline.
        Task.detached { [plugin, queues, threads] in
            for queue in queues { await queue.end() }
            await RegisteredPlugin.stop(plugin, threads)
        }
    }

    /// Starts the plugin unless it is already running.
    ///
    /// - Throws: What the plugin throws; `PluginUnavailable` if a plugin from outside does not return in time.
    public func start() async throws {
        guard !isRunning.withLock({ $0 }) else { return }
        if let threads {
            try await threads.start(plugin)
        } else {
            try await plugin.start()
        }
        for queue in queues { queue.begin() }
        isRunning.withLock { $0 = true }
    }

    /// Stops the plugin if it is running.
    public func stop() async {
        let wasRunning = isRunning.withLock { isRunning in
            defer { isRunning = false }
            return isRunning
        }
        guard wasRunning else { return }
        for queue in queues { await queue.end() }
        await RegisteredPlugin.stop(plugin, threads)
    }

    private static func stop(_ plugin: any Plugin, _ threads: PluginThreads?) async {
        if let threads {
            await threads.stop(plugin)
        } else {
            await plugin.stop()
        }
    }
}
