// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The claims of a token: those that PASETO registers, and the others with their names in a JWT (RFC 9068).
enum TokenClaims {
    /// The claims that only this format sets, even if a token does not have them.
    private static let reserved: Set<String> = [
        "iss", "sub", "aud", "audiences", "exp", "nbf", "iat", "jti", "client_id", "scope", "not_after", "may_refresh",
        "auth_time", "acr", "amr", "sid", "gid", "epoch", "client_epoch", "act", "cnf", "cnf_type", attachments,
    ]
    /// The claim with what plugins keep with the authorization, sealed.
    static let attachments = "att"

    static func describe(_ contents: TokenContents, issuer: String) -> JSON {
        let authorization = contents.authorization
        var members: [JSON.Member] = []
        members.add("iss", .string(issuer))
        members.add("sub", .string(authorization.subject.id))
        members.add("client_id", .string(contents.client.id))
        members.add("jti", .string(contents.id))
        members.add("iat", .string(contents.issuedAt.rfc3339))
        members.add("exp", .string(contents.expiresAt.rfc3339))
        add(authorization.limits, to: &members)
        add(authorization, to: &members)
        let own = authorization.claims.members
        let given = contents.claims.filter { claim in !own.contains { $0.name == claim.name } }
        members += (own + given).filter { !reserved.contains($0.name) }
        return .object(members)
    }

    private static func add(_ limits: AccessLimits, to members: inout [JSON.Member]) {
        // In PASETO, 'aud' is one string, so several audiences have a claim of their own.
        if limits.audience.count == 1 {
            members.add("aud", limits.audience.first.map(JSON.string))
        } else if !limits.audience.isEmpty {
            members.add("audiences", .strings(limits.audience))
        }
        if !limits.scope.words.isEmpty { members.add("scope", .string(limits.scope.description)) }
        members.add("not_after", (limits.notAfter?.rfc3339).map(JSON.string))
        if !limits.mayRefresh { members.add("may_refresh", false) }
    }

    /// Adds how the user has signed in, and what ends the token before it expires.
    private static func add(_ authorization: Authorization, to members: inout [JSON.Member]) {
        members.add("auth_time", (authorization.authenticatedAt?.rfc3339).map(JSON.string))
        members.add("acr", authorization.acr.map(JSON.string))
        if !authorization.amr.isEmpty { members.add("amr", .strings(authorization.amr)) }
        members.add("sid", authorization.sessionID.map(JSON.string))
        members.add("gid", authorization.grantID.map(JSON.string))
        members.add("epoch", authorization.epoch.map(JSON.integer))
        members.add("client_epoch", authorization.clientEpoch.map(JSON.integer))
        members.add("act", authorization.actor)
        guard let confirmation = authorization.confirmation else { return }
        members.add("cnf", .object([JSON.Member(confirmation.method, .string(confirmation.value))]))
        members.add("cnf_type", .string(confirmation.tokenType))
    }

    // MARK: reading

    /// The token that `describe` has described, without attachments; nil for other claims.
    static func token(_ claims: JSON) -> ResolvedToken? {
        guard let id = claims["jti"]?.string, let client = claims["client_id"]?.string,
            let subject = claims["sub"]?.string, let issuedAt = time("iat", claims), let expiresAt = time("exp", claims)
        else { return nil }
        // A client and a user never have the same id, so the subject tells which one it is.
        var authorization = Authorization(
            subject: subject == client ? .client(client) : .user(subject), limits: limits(claims))
        restore(&authorization, claims)
        return ResolvedToken(
            kind: .access, id: id, clientID: client, issuedAt: issuedAt, expiresAt: expiresAt,
            authorization: authorization)
    }

    private static func time(_ name: String, _ claims: JSON) -> Timestamp? {
        claims[name]?.string.flatMap(Timestamp.init(rfc3339:))
    }

    private static func limits(_ claims: JSON) -> AccessLimits {
        let words = (claims["scope"]?.string ?? "").utf8.split(separator: UInt8(ascii: " "))
        return AccessLimits(
            scope: Scope(words.map { String(Substring($0)) }),
            audience: (claims["audiences"] ?? claims["aud"])?.strings ?? [], notAfter: time("not_after", claims),
            mayRefresh: claims["may_refresh"]?.bool ?? true)
    }

    private static func restore(_ authorization: inout Authorization, _ claims: JSON) {
        authorization.authenticatedAt = time("auth_time", claims)
        authorization.acr = claims["acr"]?.string
        authorization.amr = claims["amr"]?.strings ?? []
        authorization.sessionID = claims["sid"]?.string
        authorization.grantID = claims["gid"]?.string
        authorization.epoch = claims["epoch"]?.integer
        authorization.clientEpoch = claims["client_epoch"]?.integer
        authorization.actor = claims["act"]
        if let bound = claims["cnf"]?.members.first, let value = bound.value.string,
            let type = claims["cnf_type"]?.string
        {
            authorization.confirmation = Confirmation(bound.name, value, tokenType: type)
        }
        authorization.claims = .object(claims.members.filter { !reserved.contains($0.name) })
    }
}

extension [JSON.Member] {
    /// Adds a claim, if it has a value.
    fileprivate mutating func add(_ name: String, _ value: JSON?) {
        if let value { append(JSON.Member(name, value)) }
    }
}
