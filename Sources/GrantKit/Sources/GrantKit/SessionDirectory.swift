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

    /// For the host and for tests: a session.
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

/// Looks up who is signed in; `TokenService.revoke` ends a session.
public protocol SessionDirectory: Sendable {
    /// A session that is still good, or nil.
    ///
    /// - Throws: `StoreError`.
    func find(_ id: String) async throws -> UserSession?

    /// The sessions of a user that are still good, the latest sign-in first.
    ///
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [UserSession]

    /// The identifiers of the clients that were granted something under a session, whether it is still good or not.
    ///
    /// - Throws: `StoreError`.
    func clients(of id: String) async throws -> [String]
}

/// What a person has allowed a client, and is not asked again.
public struct StoredConsent: Sendable {
    /// The client.
    public let clientID: String
    /// What was allowed.
    public let scope: Scope
    /// When it was allowed last.
    public let givenAt: Timestamp

    /// For the host and for tests: a consent.
    public init(clientID: String, scope: Scope, givenAt: Timestamp) {
        self.clientID = clientID
        self.scope = scope
        self.givenAt = givenAt
    }
}

/// Looks up what people have allowed clients, and takes it back.
public protocol ConsentDirectory: Sendable {
    /// What a user has allowed, by client.
    ///
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [StoredConsent]

    /// Takes back what a user has allowed a client, and all that came of it, with one write; nothing if there is none.
    ///
    /// - Throws: `StoreError`.
    func end(user id: String, client: String, reason: String) async throws
}
