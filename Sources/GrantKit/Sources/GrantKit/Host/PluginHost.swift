// SPDX-License-Identifier: Apache-2.0

/// What the server lends to plugins.
public protocol PluginHost: Sendable {
    /// The issuer identifier (RFC 8414 section 2).
    var issuer: String { get }
    /// The store; not before `start`.
    var store: any StoreService { get }
    /// The clients.
    var clients: any ClientDirectory { get }
    /// The people that can sign in; not before `start`.
    var users: any UserDirectory { get }
    /// The server's own keys; they sign nothing before `start`.
    var keys: any KeyRing { get }
    /// Cryptography that needs no key of the server.
    var cryptography: any CryptographyService { get }
    /// The tokens that this server issued.
    var tokens: any TokenService { get }
    /// What the core does around access.
    var access: any AccessService { get }
    /// The sessions of people.
    var sessions: any SessionDirectory { get }
    /// What people have allowed clients.
    var consents: any ConsentDirectory { get }
    /// Slows down the guessing of secrets.
    var attempts: any AttemptService { get }
    /// Queues what need not be done before an answer.
    var jobs: any JobService { get }
    /// Requests to other servers.
    var outbound: any OutboundHTTP { get }
    /// The public address of a route, which depends on a base path that only the server knows; not before `start`.
    func address(of route: Route) -> String
    /// Records what happens, for those who keep records of it.
    var events: any EventService { get }
    /// The server's log, where the plugin's lines bear its id.
    var log: any LogService { get }
    /// The current time.
    var now: Timestamp { get }
    /// Random bytes, as base64url.
    func random(bytes count: Int) -> String
}
