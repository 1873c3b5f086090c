// SPDX-License-Identifier: Apache-2.0

/// What was granted, to whom and for how long: all that a grant decides.
public struct Authorization: Sendable {
    /// Who the access is for.
    public var subject: Subject
    /// What it is limited to.
    public var limits: AccessLimits
    /// When a person last proved who they are.
    public var authenticatedAt: Timestamp?
    /// The authentication context class that was reached (OpenID Connect Core section 2, `acr`).
    public var acr: String?
    /// The authentication methods that were used (RFC 8176, `amr`).
    public var amr: [String] = []
    /// The session at the authorization server that it belongs to.
    public var sessionID: String?
    /// The epoch of the user when the person gave consent (`User.epoch`): whatever was granted ends when it has changed.
    ///
    /// The core sets it where a new grant leaves it out, and compares it at every use.
    public var epoch: Int64?
    /// The epoch of the client, if the store keeps it: whatever was granted to it ends when that has changed.
    ///
    /// The core sets it, and compares it at every use; a token format that does not carry it serves declared clients alone.
    public var clientEpoch: Int64?
    /// Who acts for the subject (RFC 8693 section 4.1, `act`).
    public var actor: JSON?
    /// Claims that every token carries.
    public var claims: JSON = [:]
    /// Ties together all that comes of one consent; the core makes one if it is nil.
    public var grantID: String?
    /// The key of the grant whose client attributes govern this answer and every refresh; the core sets it.
    public private(set) var origin = ""
    /// What plugins keep with it, each under its own id.
    public var attachments: [String: JSON] = [:]
    /// The key that the bearer must hold.
    public var confirmation: Confirmation?
    /// Committed together with what is issued, and not stored: the consumption of what was redeemed.
    public var writes: [StoreWrite] = []

    /// Grants access.
    ///
    /// - Parameters:
    ///   - subject: Who the access is for.
    ///   - limits: What it is limited to.
    public init(subject: Subject, limits: AccessLimits) {
        self.subject = subject
        self.limits = limits
    }

    /// Grants access to a person who just signed in, for as long as the person's epoch lasts.
    ///
    /// - Parameters:
    ///   - user: The person.
    ///   - limits: What the access is limited to.
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
