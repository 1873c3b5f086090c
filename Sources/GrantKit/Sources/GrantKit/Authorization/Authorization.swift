// SPDX-License-Identifier: Apache-2.0

/// The decision of a grant: what is granted, to whom and for how long.
public struct Authorization: Sendable {
    /// The user or client that the access is for.
    public var subject: Subject
    /// The limits of the access.
    public var limits: AccessLimits
    /// The time of the user's last authentication.
    public var authenticatedAt: Timestamp?
    /// The authentication context class that the sign-in reached (OpenID Connect Core section 2, `acr`).
    public var acr: String?
    /// The authentication methods that were used (RFC 8176, `amr`).
    public var amr: [String] = []
    /// The session at the authorization server under which it was granted.
    public var sessionID: String?
    /// The user's epoch at the time of consent (`User.epoch`).
    ///
    /// What was granted ends once the user has another epoch. The core sets it if a new grant leaves it out, and
    /// compares it at each use.
    public var epoch: Int64?
    /// The client's epoch, if the client is in the store.
    ///
    /// What was granted ends once the client has another epoch. The core sets it and compares it at each use. A token
    /// format that does not carry it works only for clients that the configuration declares.
    public var clientEpoch: Int64?
    /// The party that acts for the subject (RFC 8693 section 4.1, `act`).
    public var actor: JSON?
    /// The party that alone may act for the subject (RFC 8693 section 4.4, `may_act`); nil if none is named.
    public var mayAct: JSON?
    /// Claims that each token carries.
    public var claims: JSON = [:]
    /// The id of the grant, which everything issued under one consent shares; the core makes one if it is nil.
    public var grantID: String?
    /// The key of the grant whose client attributes apply to this response and to each refresh; the core sets it.
    public private(set) var origin = ""
    /// Values that plugins keep with it, each under the plugin's id.
    public var attachments: [String: JSON] = [:]
    /// The key that the client must prove to hold.
    public var confirmation: Confirmation?
    /// Writes that the core commits together with what it issues, such as the redemption of a code.
    ///
    /// They are not stored.
    public var writes: [StoreWrite] = []
    /// The type of the token that the response contains (RFC 8693 section 3), which the response then names; nil for an
    /// access token.
    ///
    /// It is not stored. Every type but that of access tokens needs a `TokenProduct`.
    public var issuedType: String?
    /// For the host: the token that it was derived from, and its limits; it is not stored.
    @_spi(Host)
    public var derivation: Derivation?

    /// Makes an authorization.
    ///
    /// - Parameters:
    ///   - subject: The user or client that the access is for.
    ///   - limits: The limits of the access.
    public init(subject: Subject, limits: AccessLimits) {
        self.subject = subject
        self.limits = limits
    }

    /// Makes an authorization for a user who has just signed in.
    ///
    /// It ends with the user's epoch.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - limits: The limits of the access.
    public init(user: User, limits: AccessLimits) {
        self.init(subject: .user(user.id), limits: limits)
        epoch = user.epoch
    }

    /// The scope that was granted.
    public var scope: Scope { limits.scope }

    /// For the host: the authorization as issued under a grant, with a grant id.
    @_spi(Host)
    public func issued(under key: String, grantID fresh: @autoclosure () -> String) -> Authorization {
        var authorization = self
        if authorization.origin.isEmpty { authorization.origin = key }
        if authorization.grantID == nil { authorization.grantID = fresh() }
        return authorization
    }

    mutating func restore(origin: String) {
        self.origin = origin
    }
}
