// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// ID tokens that name their grant, so that this server can exchange them (RFC 8693) for what ends with the grant.
///
/// An ID token without these claims cannot be told apart from one whose grant was revoked, so it resolves to nothing.
struct BoundIdentity: TokenResolver {
    /// The claims about the grant, which claims sources must not set.
    static let reserved = ["jti", "gid", "scope", "epoch", "client_epoch", "act", "may_act"]

    let host: any PluginHost

    /// The claims that name the grant, as in access tokens.
    static func claims(of issuance: Issuance, id: String) -> [JSON.Member] {
        let authorization = issuance.authorization
        var claims: JSON = ["jti": .string(id), "scope": .string(issuance.limits.scope.description)]
        claims["gid"] = authorization.grantID.map(JSON.string)
        claims["epoch"] = authorization.epoch.map(JSON.integer)
        claims["client_epoch"] = authorization.clientEpoch.map(JSON.integer)
        (claims["act"], claims["may_act"]) = (authorization.actor, authorization.mayAct)
        return claims.members
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        guard value.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2,
            let claims = try await host.keys.verify(value, type: IdentityTokens.type)?.claims,
            claims["iss"]?.string == host.issuer, claims["events"] == nil, let id = claims["jti"]?.string,
            let grant = claims["gid"]?.string, let clientID = claims["aud"]?.string,
            let subject = claims["sub"]?.string, let scope = claims["scope"]?.string,
            let issuedAt = claims["iat"]?.integer, let expiresAt = claims["exp"]?.integer
        else { return nil }
        let words = scope.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        let limits = AccessLimits(scope: Scope(words), audience: [clientID], mayRefresh: false)
        var authorization = Authorization(subject: .user(subject), limits: limits)
        authorization.grantID = grant
        restore(&authorization, from: claims)
        return ResolvedToken(
            kind: .identity, id: id, clientID: clientID, issuedAt: Timestamp(seconds: issuedAt),
            expiresAt: Timestamp(seconds: expiresAt), authorization: authorization)
    }

    private func restore(_ authorization: inout Authorization, from claims: JSON) {
        authorization.sessionID = claims["sid"]?.string
        authorization.epoch = claims["epoch"]?.integer
        authorization.clientEpoch = claims["client_epoch"]?.integer
        authorization.authenticatedAt = claims["auth_time"]?.integer.map(Timestamp.init(seconds:))
        authorization.acr = claims["acr"]?.string
        authorization.amr = claims["amr"]?.strings ?? []
        (authorization.actor, authorization.mayAct) = (claims["act"], claims["may_act"])
    }
}
