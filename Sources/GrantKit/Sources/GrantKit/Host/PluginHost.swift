// SPDX-License-Identifier: Apache-2.0

/// The services of the server that a plugin can use.
public protocol PluginHost: Sendable {
    /// The issuer identifier (RFC 8414 section 2).
    var issuer: String { get }
    /// The store; only from `start` on.
    var store: any StoreService { get }
    /// The clients.
    var clients: any ClientDirectory { get }
    /// The users; only from `start` on.
    var users: any UserDirectory { get }
    /// The server's own keys; they can be used only from `start` on.
    var keys: any KeyRing { get }
    /// Checks of tokens that others have signed.
    var foreignKeys: any ForeignKeyService { get }
    /// Cryptography that needs none of the server's keys.
    var cryptography: any CryptographyService { get }
    /// The tokens that this server has issued.
    var tokens: any TokenService { get }
    /// The core's decisions about scope, audience and claims.
    var access: any AccessService { get }
    /// The sessions of users.
    var sessions: any SessionDirectory { get }
    /// The consents of users to clients.
    var consents: any ConsentDirectory { get }
    /// The limits on guessing secrets.
    var attempts: any AttemptService { get }
    /// The queue for work that need not be done before the response.
    var jobs: any JobService { get }
    /// Requests to other servers.
    var outbound: any OutboundHTTP { get }
    /// The public URL of a route; only from `start` on.
    ///
    /// - Parameter route: The route.
    /// - Returns: The URL, which contains a base path that only the server knows.
    func address(of route: Route) -> String
    /// The events that plugins may record.
    var events: any EventService { get }
    /// The server's log; lines of the plugin contain its id.
    var log: any LogService { get }
    /// The current time.
    var now: Timestamp { get }
    /// Random bytes in base64url.
    ///
    /// - Parameter count: The number of bytes before encoding.
    /// - Returns: The string.
    func random(bytes count: Int) -> String
}
