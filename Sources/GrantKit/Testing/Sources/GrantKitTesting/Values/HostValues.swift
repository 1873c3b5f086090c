// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

// Values that only the host can make, for tests of plugins. Most parameters have defaults, so that a test passes only
// what it is about.

extension Client {
    /// Makes a client for a test.
    public static func test(
        id: String = "client", isPublic: Bool = false, grants: Set<String> = [], scope: Scope = [],
        document: JSON = [:]
    ) -> Client {
        Client(id: id, isPublic: isPublic, grants: grants, scope: scope, document: document)
    }
}

extension TokenRequest {
    /// Makes a request to the token endpoint.
    ///
    /// By default, the client may have all of its scope.
    public static func test(
        _ grant: GrantDeclaration, from client: Client = .test(), _ parameters: Parameters = [:],
        head: RequestHead = RequestHead(method: "POST", path: "/auth/token"), allowed: AccessLimits? = nil
    ) -> TokenRequest {
        TokenRequest(
            grant: grant, client: client, parameters: parameters, head: head,
            allowed: allowed ?? AccessLimits(scope: client.scope))
    }
}

extension AuthorizationRequest {
    /// Makes a request to the authorization endpoint.
    public static func test(
        from client: Client = .test(), _ parameters: Parameters = [:], words: Set<String> = ["code"],
        grants: [GrantDeclaration] = [], redirectURI: String = "https://client.example.com/callback",
        head: RequestHead = RequestHead(method: "GET", path: "/auth/authorize")
    ) -> AuthorizationRequest {
        AuthorizationRequest(
            client: client, redirectURI: redirectURI, words: words, grants: grants, parameters: parameters, head: head)
    }
}

extension Authorization {
    /// The authorization as the host issues it under a grant.
    ///
    /// - Parameters:
    ///   - key: The grant's key, which becomes the `origin` if there is none yet.
    ///   - grantID: The grant id, if there is none yet.
    /// - Returns: The authorization.
    public func asIssued(under key: String, grantID: String = "grant-1") -> Authorization {
        issued(under: key, grantID: grantID)
    }
}

extension Issuance {
    /// Makes a response without members.
    ///
    /// By default, its limits are all that was granted.
    ///
    /// - Parameters:
    ///   - authorization: What was granted.
    ///   - client: The client that it was granted to.
    ///   - answer: The request that the response belongs to.
    ///   - limits: The limits of the response.
    ///   - moment: The time of issue.
    ///   - tokenID: The identifier of the access token in the response, if it has one.
    /// - Returns: The response.
    public static func test(
        _ authorization: Authorization, to client: Client = .test(), for answer: Answer,
        limits: AccessLimits? = nil, at moment: Timestamp, tokenID: String? = nil
    ) -> Issuance {
        var issuance = Issuance(
            authorization: authorization, client: client, limits: limits ?? authorization.limits, answer: answer,
            issuedAt: moment)
        issuance.tokenID = tokenID
        return issuance
    }
}

extension ClaimsRequest {
    /// Makes a request to a source of claims.
    ///
    /// By default, it is for all of the granted scope.
    public static func test(
        _ authorization: Authorization, of user: User? = nil, client: Client = .test(), scope: Scope? = nil,
        for destination: ClaimsDestination
    ) -> ClaimsRequest {
        ClaimsRequest(
            user: user, client: client, authorization: authorization, scope: scope ?? authorization.scope,
            destination: destination)
    }
}

extension Interaction {
    /// Makes an interaction for a step.
    ///
    /// By default, the limits of its policy are all of the client's scope.
    public static func test(
        client: Client = .test(), policy: InteractionPolicy? = nil, subject: Subject? = nil, kept: JSON? = nil,
        address: String = "192.0.2.7"
    ) -> Interaction {
        Interaction(
            client: client, policy: policy ?? InteractionPolicy(limits: AccessLimits(scope: client.scope)),
            subject: subject, kept: kept, address: address)
    }
}

extension UserSession {
    /// Makes a session.
    ///
    /// By default, it expires one hour after its sign-in.
    public static func test(
        id: String = "session", user: User, authenticatedAt: Timestamp, expiresAt: Timestamp? = nil,
        acr: String? = nil, amr: [String] = [], agent: String? = nil, address: String? = nil
    ) -> UserSession {
        UserSession(
            id: id, user: user, authenticatedAt: authenticatedAt,
            expiresAt: expiresAt ?? authenticatedAt + .seconds(3600), acr: acr, amr: amr, agent: agent,
            address: address)
    }
}

extension StoredConsent {
    /// Makes a consent for a test.
    public static func test(clientID: String = "client", scope: Scope = [], givenAt: Timestamp) -> StoredConsent {
        StoredConsent(clientID: clientID, scope: scope, givenAt: givenAt)
    }
}

extension DirectoryEntry {
    /// Makes a document of a directory.
    ///
    /// By default, it has no version, like one that the configuration declares.
    public static func test(id: String, document: JSON = [:], version: String? = nil) -> DirectoryEntry {
        DirectoryEntry(id: id, document: document, version: version)
    }
}

extension DirectoryChange {
    /// Makes the result of a change.
    public static func test(
        _ entry: DirectoryEntry, isNew: Bool = false, secret: Secret? = nil, warnings: [DocumentProblem] = []
    ) -> DirectoryChange {
        DirectoryChange(entry, isNew: isNew, secret: secret, warnings: warnings)
    }
}

extension CountedAttempt {
    /// Makes an attempt as if a host had counted it.
    public static func test() -> CountedAttempt {
        CountedAttempt(counters: [])
    }
}
