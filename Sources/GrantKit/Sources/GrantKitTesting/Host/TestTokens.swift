// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The tokens of a test's host: those that the loaded plugin resolves, and those that the test adds.
public final class TestTokens: TokenService {
    static let collection = "revoked"

    private struct State {
        var resolvers: [any TokenResolver] = []
        var participants: [any RevocationParticipant] = []
        var tokens: [[UInt8]: ResolvedToken] = [:]
    }

    private let records: any Store
    private let clock: TestClock
    private let state = Mutex(State())

    init(_ records: any Store, clock: TestClock) {
        self.records = records
        self.clock = clock
    }

    func use(_ resolvers: [any TokenResolver], _ participants: [any RevocationParticipant]) {
        state.withLock { state in
            state.resolvers += resolvers
            state.participants += participants
        }
    }

    /// Adds a token, as if another plugin had issued it.
    ///
    /// - Parameters:
    ///   - value: The token.
    ///   - token: What it resolves to.
    public func add(_ value: String, _ token: ResolvedToken) {
        state.withLock { $0.tokens[Array(value.utf8)] = token }
    }

    /// What a token resolves to; nil for one that is unknown, expired or revoked.
    public func resolve(_ value: String) async throws -> ResolvedToken? {
        guard let token = try await find(value), token.expiresAt > clock.now else { return nil }
        let ids = [token.id, token.authorization.grantID, token.authorization.sessionID].compactMap { $0 }
        let revoked = try await records.read(ids.map { StoreKey(TestTokens.collection, $0) })
        return revoked.contains { $0 != nil } ? nil : token
    }

    private func find(_ value: String) async throws -> ResolvedToken? {
        let (token, resolvers) = state.withLock { ($0.tokens[Array(value.utf8)], $0.resolvers) }
        if let token { return token }
        for resolver in resolvers {
            if let token = try await resolver.resolve(value) { return token }
        }
        return nil
    }

    /// Revokes a token, a grant or a session, with what participants add.
    public func revoke(_ what: Revocation, reason: String) async throws {
        if OnlyLooking.isCurrent { return }
        let record = StoreRecord(try TestTokens.key(of: what), [:], expiresAt: clock.now + .seconds(86400 * 400))
        var writes: [StoreWrite] = try await records.read(record.key) == nil ? [.create(record)] : []
        for participant in state.withLock({ $0.participants }) {
            writes += try await participant.writes(revoking: what)
        }
        _ = try await records.write(writes)
    }

    /// The condition that something is not revoked.
    public func unrevoked(_ what: Revocation) async throws -> StoreWrite {
        .absent(try TestTokens.key(of: what))
    }

    static func key(of what: Revocation) throws -> StoreKey {
        switch what {
        case .token(let id), .grant(let id), .session(let id): StoreKey(collection, id)
        @unknown default: throw StoreError("this test host does not know this kind of revocation")
        }
    }
}
