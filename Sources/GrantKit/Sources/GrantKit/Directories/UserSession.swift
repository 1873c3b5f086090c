// SPDX-License-Identifier: Apache-2.0

/// A person who is signed in with one browser.
public struct UserSession: Sendable {
    /// The identifier, which tokens carry as `sid`.
    public let id: String
    /// The person.
    public let user: User
    /// When the person proved who they are.
    public let authenticatedAt: Timestamp
    /// When it ends by itself.
    public let expiresAt: Timestamp
    /// The authentication context class that was reached.
    public let acr: String?
    /// The authentication methods that were used (RFC 8176).
    public let amr: [String]
    /// What the browser called itself when the session began.
    public let agent: String?
    /// Where the browser was when the session began.
    public let address: String?

    /// For the host: a session.
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
