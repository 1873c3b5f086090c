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
    private let store: TestStore
    private let clock: TestClock
    private let state = Mutex(State())

    init(_ records: any Store, _ store: TestStore, clock: TestClock) {
        self.records = records
        self.store = store
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
        _ = try await end(what)
    }

    /// Revokes something, without the writes of participants that cannot be committed.
    ///
    /// - Returns: Why writes were left out.
    /// - Throws: `StoreError`, after which nothing is revoked.
    func end(_ what: Revocation) async throws -> [HostRefusal] {
        let record = StoreRecord(try TestTokens.key(of: what), [:], expiresAt: clock.now + .seconds(86400 * 400))
        var parts: [[StoreWrite]] = []
        var left: [HostRefusal] = []
        for participant in state.withLock({ $0.participants }) {
            do {
                let writes = try await participant.writes(revoking: what)
                try store.check(writes, of: "a participant in revocations")
                parts.append(writes)
            } catch let error as StoreError {
                throw error
            } catch {
                left.append(HostRefusal("a participant's writes are left out of a revocation: \(error)"))
            }
        }
        return left + (try await commit(.create(record), with: parts))
    }

    /// Commits a revocation without the parts that conflict, since they must not keep alive what has to end.
    private func commit(_ revocation: StoreWrite, with parts: [[StoreWrite]]) async throws -> [HostRefusal] {
        var kept = parts
        var left: [HostRefusal] = []
        while true {
            let writes = [revocation] + kept.flatMap { $0 }
            let outcome = try await records.write(writes)
            guard case .conflict(let place, _) = outcome, place > 0, writes.indices.contains(place) else { return left }
            var end = 1
            let number = kept.firstIndex { part in
                end += part.count
                return place < end
            }
            guard let number else { return left }
            kept.remove(at: number)
            left.append(TestTokens.conflict(of: writes[place]))
        }
    }

    private static func conflict(of write: StoreWrite) -> HostRefusal {
        HostRefusal(
            "a participant's writes are left out of a revocation, since one to the collection "
                + "'\(write.key?.collection ?? "")' conflicts with what is stored: give each revocation records of "
                + "its own")
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
