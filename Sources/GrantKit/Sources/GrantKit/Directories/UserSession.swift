// SPDX-License-Identifier: Apache-2.0

/// A session: a user who is signed in with one browser.
public struct UserSession: Sendable {
    /// The identifier, which is also the `sid` claim of tokens.
    public let id: String
    /// The user.
    public let user: User
    /// The time of the user's authentication.
    public let authenticatedAt: Timestamp
    /// The time at which it expires.
    public let expiresAt: Timestamp
    /// The authentication context class that the sign-in reached.
    public let acr: String?
    /// The authentication methods that were used (RFC 8176, `amr`).
    public let amr: [String]
    /// The `User-Agent` of the browser when the session began.
    public let agent: String?
    /// The address of the browser when the session began.
    public let address: String?

    /// For the host: makes a session.
    @_spi(Host)
    public init(
        id: String, user: User, authenticatedAt: Timestamp, expiresAt: Timestamp, acr: String? = nil,
        amr: [String] = [], agent: String? = nil, address: String? = nil
    ) {
        self.id = id
        self.user = user
        self.authenticatedAt = authenticatedAt
        self.expiresAt = expiresAt
        self.acr = acr
        self.amr = amr
        self.agent = agent
        self.address = address
    }
}
