// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
@_spi(Host) import GrantKit
import Logging
import PluginLoading
import PluginProcesses
import ServerConfiguration
import ServerHTTP
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The server process: the core, its plugins and resources, and the listeners.
final class RunningServer: Sendable {
    let logger: Logger
    private let file: ConfigurationFile
    private let configuration: Configuration
    private let isDevelopment: Bool
    private let isFrozen: Bool
    private let core: ServerCore
    private let secrets = ClientSecretVerifier()
    private let outbound = OutboundClient(OutboundSettings(OutboundNetworks()))
    private let files = Mutex<ConfigurationResources?>(nil)
    private let plugins = Mutex<[LoadedPlugin]>([])
    private let keeping = Mutex<KeyRotation?>(nil)
    private let presence = Mutex<ServerPresence?>(nil)

    init(
        _ file: ConfigurationFile, _ configuration: Configuration, isDevelopment: Bool, isFrozen: Bool, logger: Logger
    ) {
        self.file = file
        self.isDevelopment = isDevelopment
        self.isFrozen = isFrozen
        // The file may hold passwords in plain text; do not keep them in memory.
        var kept = configuration
        kept.users = []
        self.configuration = kept
        self.logger = logger
        core = ServerCore(
            issuer: configuration.issuer, environment: SystemEnvironment(), cryptography: SystemCryptography(),
            secrets: secrets,
            passwords: secrets.passwords,
            // Every generation has the pages of its own configuration.
            pages: NoPages(),
            algorithms: SignatureAlgorithm.ownNames, logger: logger,
            outbound: outbound, isDevelopment: isDevelopment)
    }

    // MARK: start

    /// Opens the store, the keys and the plugins.
    ///
    /// - Returns: Whether the configuration is valid; if not, nothing stays open.
    func open(_ configuration: Configuration, _ diagnostics: Diagnostics) async throws -> Bool {
        try Digest.check()
        if isDevelopment { DevelopmentRule.check(configuration, diagnostics) }
        let resources = ConfigurationResources(configuration, diagnostics)
        let composition = await Composition(
            configuration, diagnostics, core: core, secrets: secrets, passwords: secrets.passwords,
            pages: resources.pages, freeze: freeze(configuration, diagnostics))
        show(diagnostics)
        guard !diagnostics.hasErrors, let generation = composition.generation,
            let store = generation.capabilities.store
        else { return false }
        files.withLock { $0 = resources }
        outbound.change(to: resources.outbound)
        let first = composition.plugins.filter { !$0.registered.registry.stores.isEmpty }
        let others = composition.plugins.filter { $0.registered.registry.stores.isEmpty }
        for plugin in first { try await start(plugin) }
        try await store.prepare(
            ServerCore.collections + [StoredKeys.collection] + generation.capabilities.collections)
        try await announce(in: store)
        try await composition.checkStoredUsers(in: store)
        guard !diagnostics.hasErrors else {
            show(diagnostics)
            try? await presence.withLock { $0 }?.end()
            for plugin in first { await plugin.registered.stop() }
            return false
        }
        let keys = KeyRotation(core, store, resources.keys.settings(for: generation))
        try await keys.open()
        keeping.withLock { $0 = keys }
        for plugin in others { try await start(plugin) }
        plugins.withLock { $0 = composition.plugins }
        core.install(generation)
        core.events.record(
            Event(.started, details: ["plugins": .strings(composition.plugins.map(\.entry.id))]))
        core.metrics.show("grantor_plugin_restarts_total", as: "counter") { PluginProcesses.restarts }
        core.metrics.show("grantor_hashing_queue") { [secrets] in Int64(secrets.pool.waiting) }
        return true
    }

    /// The libraries that may be loaded; the lock is read again for each reload.
    private func freeze(_ configuration: Configuration, _ diagnostics: Diagnostics) -> PluginFreeze {
        isFrozen ? PluginFreeze.read(file.lock, configuration, diagnostics) : .off
    }

    /// Notes in the store that this server uses it, and reads what commands have noted there.
    ///
    /// In this order, since a command that loads a copy leaves its mark and then looks for servers.
    private func announce(in store: CheckedStore) async throws {
        let (host, id) = (ProcessInfo.processInfo.hostName, ProcessInfo.processInfo.processIdentifier)
        let presence = ServerPresence(core.random(bytes: 16), place: "process \(id) on \(host)", in: store)
        self.presence.withLock { $0 = presence }
        // A server starts on a full disk too; then nothing can be loaded into its store.
        try? await presence.renew(at: core.now)
        do {
            try await core.readMarks(in: store)
        } catch {
            try? await presence.end()
            throw error
        }
    }

    private func show(_ diagnostics: Diagnostics) {
        diagnostics.print(to: logger, as: configuration.logFormat)
    }

    private func start(_ plugin: LoadedPlugin) async throws {
        do {
            try await plugin.registered.start()
        } catch let error as ConfigurationError {
            throw Failure("plugin '\(plugin.entry.id)': \(error.message)")
        } catch let error as PluginUnavailable {
            throw Failure("\(error); it may wait for a service that does not respond")
        } catch {
            throw Failure("plugin '\(plugin.entry.id)' failed to start: its 'start' threw: \(error)")
        }
    }

    // MARK: run

    /// Serves until SIGTERM or SIGINT, and then until the requests in progress have ended or time is up.
    func run() async throws {
        var services: [any Service] = [ReloadService(server: self), StorePurgerService(purging: StorePurger(core))]
        services.append(JobRunnerService(runner: JobRunner(core)))
        let loops = EventLoopWatch(logger: logger) { [self] in
            plugins.withLock { $0.filter { $0.entry.isOnEventLoop == true }.map(\.entry.id) }
        }
        services.append(EventLoopWatchService(watch: loops))
        let keys = keeping.withLock { $0 }
        if let keys { services.append(keys) }
        let follower = StoreFollower(core) { changed in
            Task { await keys?.look(at: changed) }
        }
        services.append(StoreFollowerService(follower: follower))
        if let presence = presence.withLock({ $0 }) {
            services.append(PresenceService(presence: presence, core: core, store: core.store))
        }
        services.append(try mainListener())
        if let monitoring = configuration.monitoring { services.append(try monitoringListener(monitoring)) }
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        group.maximumGracefulShutdownDuration = configuration.shutdownLimit
        try await ServiceGroup(configuration: group).run()
    }

    private func mainListener() throws -> any Service {
        let listen = configuration.listen
        let resources = files.withLock { $0 }
        // Metrics are served to this machine only, unless they have a listener of their own.
        let everything = listen.isLoopback && configuration.hasLoopbackIssuer ? HTTPService.all : .endpointsAndHealth
        var http = HTTPListenerConfiguration(
            host: listen.host, port: listen.port, tls: resources?.tls, trustedProxies: resources?.proxies ?? [],
            maxConnections: connections(), headerTimeout: listen.headerTimeout, bodyTimeout: listen.bodyTimeout)
        http.strictTransport = configuration.strictTransport
        let service = try HTTPListener.make(
            core, serving: configuration.monitoring == nil ? everything : .endpoints, http, logger: quiet,
            running: { [self] port in announce(port) })
        return ListenerService(host: listen.host, port: listen.port, service: service)
    }

    /// The maximum number of connections: the configured one, or less if the process may not open that many files.
    private func connections() -> Int {
        let others = configuration.monitoring == nil ? 0 : RunningServer.monitoringConnections
        let wanted = configuration.listen.maxConnections
        let limit = DescriptorLimit.raise(for: wanted + others)
        guard limit.limit < limit.needed else { return wanted }
        let fitting = max(1, limit.connections - others)
        logger.warning(
            "the limit of open files is too low for 'listen.max_connections'",
            metadata: [
                "max_connections": "\(wanted)", "limit": "\(limit.limit)", "needed": "\(limit.needed)",
                "taken_at_once": "\(fitting)",
                "advice": "raise the hard limit (LimitNOFILE of systemd, 'ulimit -Hn') or lower max_connections",
            ])
        return fitting
    }

    /// Enough for the few programs that read health and metrics.
    private static let monitoringConnections = 64

    private func monitoringListener(_ monitoring: Configuration.Monitoring) throws -> any Service {
        let service = try HTTPListener.make(
            core, serving: .monitoring,
            HTTPListenerConfiguration(
                host: monitoring.host, port: monitoring.port, maxConnections: RunningServer.monitoringConnections),
            logger: quiet,
            running: { port in
                StandardOutput.print("monitoring  http://\(HostName.inAddress(monitoring.host)):\(port)/metrics")
            })
        return ListenerService(host: monitoring.host, port: monitoring.port, service: service)
    }

    /// Passes on only warnings and errors of the libraries, which log much that is of no interest to the operator.
    private var quiet: Logger {
        var logger = self.logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private func announce(_ port: Int) {
        let plugins = self.plugins.withLock { $0 }
        let summary = StartSummary(
            configuration, of: file.name, plugins, port: port, isDevelopment: isDevelopment)
        StandardOutput.print(summary.text)
    }

    /// Stops the plugins: event sinks after those that may still record events, the store last.
    func close() async {
        core.events.record(Event(.stopped))
        try? await presence.withLock { $0 }?.end()
        let all = plugins.withLock { $0 }
        let others = all.filter(\.registered.registry.stores.isEmpty)
        for plugin in others where plugin.registered.registry.eventSinks.isEmpty { await plugin.registered.stop() }
        for plugin in others { await plugin.registered.stop() }
        for plugin in all { await plugin.registered.stop() }
    }

    // MARK: reload

    /// Reads the configuration again and applies it, or logs why not and changes nothing.
    func reload() async {
        let former = core.generation
        await readAgain()
        core.events.record(Event(core.generation === former ? .reloadFailed : .reloaded))
    }

    private func readAgain() async {
        let (next, diagnostics) = file.read()
        guard diagnostics.isReadable else {
            show(diagnostics)
            return logger.error("the configuration was not reloaded; the previous one stays in use")
        }
        if isDevelopment { DevelopmentRule.check(next, diagnostics) }
        let pages = ConfigurationResources.pages(next, diagnostics)
        let composition = await Composition(
            next, diagnostics, core: core, secrets: secrets, passwords: secrets.passwords, pages: pages,
            former: plugins.withLock { $0 }, freeze: freeze(next, diagnostics))
        let keys = ConfiguredKeys(next, diagnostics, former: files.withLock { $0?.keys })
        checkFixed(next, composition, diagnostics)
        let settings = ConfigurationResources.outbound(next, diagnostics)
        do {
            try await composition.checkStoredUsers(in: core.store)
        } catch {
            return logger.error("the configuration was not reloaded", metadata: ["error": "\(error)"])
        }
        guard !diagnostics.hasErrors, let generation = composition.generation else {
            show(diagnostics)
            return logger.error("the configuration was not reloaded; the previous one stays in use")
        }
        show(diagnostics)
        // New plugins may send requests when they start.
        let former = outbound.change(to: settings)
        do {
            try await core.store.prepare(generation.capabilities.collections)
            for plugin in composition.plugins { try await start(plugin) }
            if let files = next.listen.tls {
                try self.files.withLock { $0?.tls }?.reload(certificate: files.certificate, key: files.key)
            }
            // Last, so that nothing else can fail once other keys sign.
            try await keeping.withLock { $0 }?.change(keys.settings(for: generation))
            files.withLock { $0?.keys = keys }
        } catch {
            outbound.change(to: former)
            return logger.error("the configuration was not reloaded", metadata: ["error": "\(error)"])
        }
        plugins.withLock { $0 = composition.plugins }
        core.install(generation)
        logger.notice("the configuration was reloaded", metadata: ["clients": "\(next.clients.count)"])
    }

    /// Records changes of declared users, while requests are served.
    func recordUsers() async {
        do {
            try await core.recordUsers()
        } catch is CancellationError {
            // The next start or reload checks them again.
        } catch {
            logger.error("changes of declared users were not recorded", metadata: ["error": "\(error)"])
        }
    }

    private func checkFixed(_ next: Configuration, _ composition: Composition, _ diagnostics: Diagnostics) {
        let note = "restart needed: a reload does not change this"
        let stores = [plugins.withLock { $0 }, composition.plugins].map { list in
            list.first { !$0.registered.registry.stores.isEmpty }
        }
        if let former = stores[0], let store = stores[1], store.entry.id != former.entry.id {
            diagnostics.report(at: store.entry.path, "the store was '\(former.entry.id)'", note: note)
        }
        for rule in ReloadRule.all where rule.isChanged(configuration, next) {
            diagnostics.report(
                rule.effect == .refuses ? .error : .warning, at: [.key(rule.key)], key: true,
                "'\(rule.key)' has changed", note: note)
        }
    }
}
