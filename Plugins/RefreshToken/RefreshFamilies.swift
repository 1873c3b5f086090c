// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Families of refresh tokens: each family is one row, which records the current token.
///
/// A token is `grt.family.generation.code`. The code proves that this server issued it, so that an old token can be
/// told from a guessed one without storing either.
struct RefreshFamilies: TokenResolver {
    let host: any PluginHost
    let grace: Duration
    let idle: GrantAttribute<Duration>
    let isIssued: GrantAttribute<Bool>

    /// Whether a client may currently have refresh tokens for an authorization, by its own attribute or because the
    /// user allowed offline access; a client that acts for itself needs none (RFC 6749 section 4.4.3).
    func isEntitled(_ client: Client, to authorization: Authorization) -> Bool {
        if client[isIssued, under: authorization.origin] { return true }
        guard case .user = authorization.subject else { return false }
        return authorization.scope.contains(OfflineAccess.scope) && client.scope.contains(OfflineAccess.scope)
    }

    struct Presented {
        var family: String
        var generation: Int64
        var key: StoreKey { StoredFamily.collection.key(family) }
    }

    /// - Throws: An error of the keys.
    func token(_ family: String, _ generation: Int64) async throws -> String {
        let message = "\(family).\(generation)"
        let code = try await host.keys.authenticationCode(message, purpose: "refresh-token")
        return "grt.\(message).\(code)"
    }

    /// - Throws: An error of the keys.
    func parse(_ value: String) async throws -> Presented? {
        let parts = value.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        guard parts.count == 4, parts[0] == "grt", let generation = Int64(parts[2]),
            parts[2] == "\(generation)",
            try await host.keys.isAuthentic(parts[3], over: "\(parts[1]).\(generation)", purpose: "refresh-token")
        else { return nil }
        return Presented(family: parts[1], generation: generation)
    }

    /// The expiry of a family that is used now.
    func end(_ client: Client, _ authorization: Authorization, now: Timestamp) -> Timestamp {
        let idleEnd = now + client[idle, under: authorization.origin]
        return authorization.limits.notAfter.map { min($0, idleEnd) } ?? idleEnd
    }

    /// Resolves a token; a rotated one is found too, as an expired token.
    func resolve(_ value: String) async throws -> ResolvedToken? {
        guard let presented = try await parse(value), let record = try await host.store.read(presented.key) else {
            return nil
        }
        let family = try StoredFamily(record)
        guard presented.generation <= family.generation else { return nil }
        let isCurrent = presented.generation == family.generation
        return ResolvedToken(
            kind: .refresh, id: presented.family, clientID: family.clientID, issuedAt: family.rotatedAt,
            expiresAt: isCurrent ? family.expiresAt : min(family.rotatedAt, host.now),
            authorization: family.authorization)
    }
}
