// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Exchanges tokens about users that other issuers have signed.
struct ForeignSubject: Sendable {
    /// Claims that restrict who may use a token or what for, in ways that this plugin does not check.
    ///
    /// A token with `events`, such as a logout token, only tells that something has happened (RFC 8417 section 4).
    private static let constraints = ["cnf", "act", "authorization_details", "events"]

    let host: any PluginHost
    let issuers: ClientAttribute<[String]>

    /// Decides what a client gets for a token.
    ///
    /// - Throws: `OAuthError`; `StoreError`.
    func authorize(_ exchange: ExchangeRequest) async throws -> Authorization {
        guard exchange.actor == nil else { throw OAuthError.actor("nobody can act for a user of another issuer") }
        guard exchange.result == .accessToken else {
            throw OAuthError.subject("a token of another issuer is exchanged for access tokens only")
        }
        do {
            return try await decide(exchange)
        } catch let refusal as JWTRefusal {
            throw OAuthError.subject(refusal.reason)
        }
    }

    private func decide(_ exchange: ExchangeRequest) async throws -> Authorization {
        let (issuer, claims) = try await verified(exchange)
        guard let user = try await host.users.find(issuer: issuer, subject: claims["sub"]?.string ?? "") else {
            throw JWTRefusal("no user has its issuer and subject among the 'identities'")
        }
        guard user.isActive else { throw JWTRefusal("the user '\(user.id)' is inactive") }
        let client = exchange.client.id
        guard Delegation.allows(claims["may_act"], actor: client, client: client, issuer: host.issuer) else {
            throw JWTRefusal("its 'may_act' names somebody else than the client")
        }
        var authorization = Authorization(user: user, limits: try limits(claims, exchange))
        authorization.mayAct = claims["may_act"]
        authorization.issuedType = ExchangeType.accessToken.identifier
        return authorization
    }

    // MARK: token

    private func verified(_ exchange: ExchangeRequest) async throws -> (issuer: String, claims: JSON) {
        guard let jwt = host.foreignKeys.unverified(exchange.subject) else {
            throw JWTRefusal("it is not a signed JWT")
        }
        guard let name = jwt.claims["iss"]?.string, name != host.issuer else {
            throw JWTRefusal("it has no issuer, or was issued by this server; own tokens have types of their own")
        }
        guard exchange.client[issuers].contains(name) else {
            throw JWTRefusal("its issuer is not among '\(issuers.name)' of the client")
        }
        guard let issuer = host.foreignKeys.issuer(name) else {
            throw JWTRefusal("its issuer is not enabled among the 'issuers' of the plugin 'jwt-bearer'")
        }
        if let constraint = ForeignSubject.constraints.first(where: { jwt.claims[$0] != nil }) {
            throw JWTRefusal("it has '\(constraint)', a constraint that this plugin does not check")
        }
        do {
            return (name, try await host.foreignKeys.verify(exchange.subject, by: issuer.keys, issuer.rules).claims)
        } catch let problem as OutboundError {
            throw JWTRefusal("the keys of its issuer cannot be fetched: \(problem)")
        } catch  where !(error is JWTRefusal || error is StoreError || error is CancellationError) {
            throw JWTRefusal("the keys of its issuer cannot be used: \(error)")
        }
    }

    // MARK: limits

    private func limits(_ claims: JSON, _ exchange: ExchangeRequest) throws -> AccessLimits {
        var limits = exchange.request.allowed
        if let scope = claims["scope"] {
            guard let words = scope.string?.utf8.split(separator: UInt8(ascii: " ")).map({ String(Substring($0)) })
            else { throw JWTRefusal("its 'scope' is not a string") }
            limits.keep(scope: words.contains)
        }
        if exchange.request.parameters.values("audience").isEmpty, !exchange.resources.isEmpty {
            guard exchange.resources.allSatisfy(limits.audience.contains) else {
                throw OAuthError.target("the client may not get a token for the requested resource")
            }
            try limits.keep(audience: exchange.resources)
        }
        try exchange.checkResources(in: limits.audience)
        guard let end = ForeignSubject.seconds(claims["exp"]) else { throw JWTRefusal("its 'exp' is not a time") }
        limits.end(by: Timestamp(seconds: end))
        // The rule that lets a refresh token out is Aidbox's attribute, and 'offline_access' is none.
        if exchange.client.document["auth"]?[ExchangeGrant.key]?["refresh_token"] != true { limits.forbidRefresh() }
        return limits
    }

    private static func seconds(_ claim: JSON?) -> Int64? {
        switch claim {
        case .integer(let seconds)?: seconds
        case .number(let seconds)?: Int64(exactly: seconds.rounded(.down))
        default: nil
        }
    }
}
