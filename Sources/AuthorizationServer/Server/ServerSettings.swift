// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The part of a configuration that the core needs, before it is checked against the loaded plugins.
public struct ServerSettings: Sendable {
    /// The issuer identifier, already checked.
    public var issuer: String
    /// The path prefix of endpoints, such as `/auth`.
    public var basePath: String
    /// Other path prefixes under which endpoints are served too.
    public var aliasPaths: [String]
    /// The token format of clients that set none; needed if several are loaded.
    public var defaultTokenFormat: String?
    /// The lifetime of a session.
    public var sessionLifetime: Duration
    /// The languages of pages.
    public var languages: [String]
    /// Whether the issuer's address shows a page.
    public var hasLanding: Bool
    /// The documents of the clients.
    public var clients: [JSON]
    /// The documents of the users.
    public var users: [JSON]

    /// Creates settings.
    public init(
        issuer: String, basePath: String = "/auth", aliasPaths: [String] = ["/oauth2"],
        defaultTokenFormat: String? = nil, sessionLifetime: Duration = .seconds(12 * 3600), languages: [String] = [],
        hasLanding: Bool = true, clients: [JSON] = [], users: [JSON] = []
    ) {
        self.issuer = issuer
        self.basePath = basePath
        self.aliasPaths = aliasPaths
        self.defaultTokenFormat = defaultTokenFormat
        self.sessionLifetime = sessionLifetime
        self.languages = languages
        self.hasLanding = hasLanding
        self.clients = clients
        self.users = users
    }
}
