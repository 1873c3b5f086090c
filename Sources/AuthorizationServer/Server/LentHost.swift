// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The host that the core lends to one plugin, so that the plugin's mistakes name it (decision 0039).
///
/// Its store and its log are the plugin's own views of the server's, and it counts guesses apart from other plugins.
/// Everything else is the core's.
public final class LentHost: PluginHost {
    /// The id of the plugin.
    let plugin: String
    private let core: ServerCore
    private let lent: LentStore
    /// The plugin's own view of the log.
    let lentLog: LentLog

    /// Makes the host for a plugin that is about to be made.
    ///
    /// - Parameters:
    ///   - core: The server.
    ///   - plugin: The id of the plugin.
    public init(_ core: ServerCore, to plugin: String) {
        self.core = core
        self.plugin = plugin
        lent = LentStore(core, to: plugin)
        lentLog = LentLog(core, to: plugin)
    }

    /// Notes the collections that the plugin has registered, which it may reach from now on.
    func declare(_ collections: [StoreCollection]) -> DeclaredCollections {
        lent.declare(DeclaredCollections(collections, of: plugin))
    }

    /// The issuer identifier.
    public var issuer: String { core.issuer }
    /// The plugin's own view of the store.
    public var store: any StoreService { lent }
    /// The clients.
    public var clients: any ClientDirectory { core.clients }
    /// The users.
    public var users: any UserDirectory { core.users }
    /// The server's own keys.
    public var keys: any KeyRing { core.keys }
    /// Checks of tokens that others have signed.
    public var foreignKeys: any ForeignKeyService { ForeignKeys(core: core, plugin: plugin) }
    /// Cryptography that needs none of the server's keys.
    public var cryptography: any CryptographyService { core.cryptography }
    /// The tokens that this server issued.
    public var tokens: any TokenService { core.tokens }
    /// The services of the core around access to resources.
    public var access: any AccessService { core.access }
    /// The sessions of users.
    public var sessions: any SessionDirectory { core.sessions }
    /// The consents of users to clients.
    public var consents: any ConsentDirectory { core.consents }
    /// Limits the guessing of secrets, which the plugin counts apart from those of others.
    public var attempts: any AttemptService { SecretAttempts(core: core, plugin: plugin) }
    /// Queues work that can be done after the response.
    public var jobs: any JobService { core.jobs }
    /// Sends requests to other servers.
    public var outbound: any OutboundHTTP { core.outbound }
    /// Records events for plugins that write them down.
    public var events: any EventService { core.events }
    /// The server's log, where the plugin's lines bear its id.
    public var log: any LogService { lentLog }
    /// The current time.
    public var now: Timestamp { core.now }

    /// The public URL of a route.
    public func address(of route: Route) -> String {
        core.address(of: route)
    }

    /// Returns random bytes in base64url.
    public func random(bytes count: Int) -> String {
        core.random(bytes: count)
    }
}
