// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Logging

/// The record that ends a token or a grant, whatever was issued under it.
enum Tombstone {
    static let collection = StoreCollection("revoked")

    static func key(_ id: String) -> StoreKey {
        StoreKey("revoked", id)
    }

    /// The conditions under which something may still be issued under an authorization.
    static func absent(_ authorization: Authorization) -> [StoreWrite] {
        [authorization.grantID, authorization.sessionID].compactMap { $0.map { .absent(key($0)) } }
    }
}

extension ServerCore: TokenService {
    /// The token behind a value; nil if it is unknown, expired or revoked.
    public func resolve(_ value: String) async throws -> ResolvedToken? {
        for resolver in generation?.capabilities.resolvers ?? [] {
            guard let token = try await resolver.resolve(value) else { continue }
            return try await isLive(token) ? token : nil
        }
        return nil
    }

    private func isLive(_ token: ResolvedToken) async throws -> Bool {
        guard token.expiresAt > now, generation?.clients[token.clientID] != nil else { return false }
        let ids = [token.id, token.authorization.grantID, token.authorization.sessionID].compactMap { $0 }
        return try await store.read(ids.map(Tombstone.key)).allSatisfy { $0 == nil }
    }

    /// Ends a token or a grant with one write.
    public func revoke(_ what: Revocation, reason: String) async throws {
        let id: String
        switch what {
        case .token(let token): id = token
        case .grant(let grant): id = grant
        @unknown default: throw StoreError("this server does not know how to revoke that")
        }
        // Nothing that was issued under it can be used for longer than the tombstone stands.
        let end = now + (generation?.longestLifetime ?? .zero) + .seconds(86400)
        let outcome = try await store.write([.create(StoreRecord(Tombstone.key(id), [:], expiresAt: end))])
        guard case .committed = outcome else { return }
        logger.notice("revoked", metadata: ["what": "\(what)", "reason": "\(reason)"])
    }
}
