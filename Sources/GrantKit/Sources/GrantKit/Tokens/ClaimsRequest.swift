// SPDX-License-Identifier: Apache-2.0

/// A request to a source of claims.
public struct ClaimsRequest: Sendable {
    /// The user, or nil if the client acts for itself or the directory does not know the subject.
    ///
    /// `authorization.subject` tells which of the two it is. There is always a user for an ID token and for userinfo.
    public var user: User?
    /// The client that the token was issued to.
    public var client: Client
    /// What was granted.
    public var authorization: Authorization
    /// The part of the granted scope that the response or token has.
    public var scope: Scope
    /// The place where the claims will appear.
    public var destination: ClaimsDestination

    /// For the host: makes a request.
    @_spi(Host)
    public init(
        user: User?, client: Client, authorization: Authorization, scope: Scope, destination: ClaimsDestination
    ) {
        self.user = user
        self.client = client
        self.authorization = authorization
        self.scope = scope
        self.destination = destination
    }
}
