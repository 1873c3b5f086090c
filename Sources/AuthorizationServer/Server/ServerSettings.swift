// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// What a configuration says that the core needs, before it is checked against what is loaded.
public struct ServerSettings: Sendable {
    /// The issuer identifier, already checked.
    public var issuer: String
    /// The path below which endpoints are served, such as `/auth`.
    public var basePath: String
    /// Other paths below which they are served as well.
    public var aliasPaths: [String]
    /// The format of clients that name none, where several are loaded.
    public var defaultTokenFormat: String?
    /// How long a person stays signed in.
    public var sessionLifetime: Duration
    /// The languages that pages can be in.
    public var languages: [String]
    /// Whether the issuer's address shows a page.
    public var hasLanding: Bool
    /// The documents of the clients.
    public var clients: [JSON]
    /// The documents of the users.
    public var users: [JSON]

    /// Makes settings.
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
