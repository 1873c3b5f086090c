// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// The tokens that this server has issued, and their revocation.
struct TokenRegistry: TokenService {
    let core: ServerCore

    /// The token with a value; nil if it is unknown, expired or revoked.
    ///
    /// At the revocation endpoint, a refresh token that has been rotated is found too: a client that revokes it means
    /// the grant (RFC 7009 section 2.1).
    func resolve(_ value: String) async throws -> ResolvedToken? {
        try await live(value, orRotated: TokenRegistry.isEndingTokens)?.token
    }

    /// Whether the current request is one to the revocation endpoint.
    private static var isEndingTokens: Bool { ending?.holds ?? false }
    @TaskLocal private static var ending: RequestMark?

    /// Runs a request to the revocation endpoint.
    static func endingTokens<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let mark = RequestMark()
        defer { mark.end() }
        return try await $ending.withValue(mark) { try await body() }
    }

    /// The token with a value, and the record of its client if the store has one.
    func live(
        _ value: String, orRotated: Bool = false
    ) async throws -> (token: ResolvedToken, client: StoreRecord?)? {
        // Not the capabilities as a whole, whose copy would cost as much as a query.
        guard let generation = core.generation else { return nil }
        for (place, resolver) in generation.capabilities.resolvers.enumerated() {
            let isSelfContained = generation.capabilities.selfContained.contains(place)
            let reads = isSelfContained ? nil : TokenCheck(core.decidingKeys)
            guard let token = try await resolve(value, resolver, reads) else { continue }
            let isOver = orRotated && token.kind == .refresh
            return try await live(token, isOver: isOver, reads).map { (token, $0) }
        }
        return nil
    }

    private func resolve(
        _ value: String, _ resolver: Owned<any TokenResolver>, _ reads: TokenCheck?
    ) async throws -> ResolvedToken? {
        guard let reads else {
            return try await resolver.call("TokenResolver.resolve") { try await $0.resolve(value) }
        }
        return try await reads.run {
            try await resolver.call("TokenResolver.resolve") { try await $0.resolve(value) }
        }
    }

    /// The client's record, or an inner nil if the client is declared; an outer nil if the token is no longer valid.
    ///
    /// What was read to resolve the token is in `reads`, which is nil for a self-contained one.
    private func live(_ token: ResolvedToken, isOver: Bool, _ reads: TokenCheck?) async throws -> StoreRecord?? {
        let generation = core.generation
        guard let evidence = evidence(on: token, isOver: isOver, generation) else { return nil }
        let found: [StoreRecord?]
        if let reads {
            found = try await reads.decide(evidence.keys, from: core.store)
        } else {
            guard let remembered = try await remembered(evidence, tokenFrom: token.issuedAt) else { return nil }
            found = remembered
        }
        guard let (user, client) = try check(token.authorization, evidence, found, generation),
            try await Users(core, generation).isGood(token.authorization, given: user)
        else { return nil }
        return .some(client)
    }

    /// The keys of all records that decide whether a token is valid, which are read together.
    private struct Evidence {
        /// What ends the token if it exists.
        var tombstones: [StoreKey]
        /// Nil if the token is for a client.
        var user: StoreKey?
        /// Nil if the configuration declares the client.
        var client: StoreKey?

        var keys: [StoreKey] { tombstones + documents }
        var documents: [StoreKey] { [user, client].compactMap(\.self) }
    }

    /// The records at the keys, from memory as far as they are there.
    ///
    /// - Returns: A record for each key; nil if the token has ended.
    /// - Throws: `StoreError`.
    private func remembered(_ evidence: Evidence, tokenFrom issued: Timestamp) async throws -> [StoreRecord?]? {
        guard let hasEnded = core.memory.hasEnded(by: evidence.tombstones, tokenFrom: issued) else {
            return try await core.store.read(evidence.keys)
        }
        guard !hasEnded else { return nil }
        let none = [StoreRecord?](repeating: nil, count: evidence.tombstones.count)
        let documents = evidence.documents
        guard !documents.isEmpty else { return none }
        return none + (try await core.memory.records.read(documents, from: core.store))
    }

    // The frame of an asynchronous function has room for all that it calls inline, and is allocated for each token. So
    // these two functions are not inlined.

    /// Returns nil if the token is not valid, whatever the records say.
    @inline(never)
    private func evidence(on token: ResolvedToken, isOver: Bool, _ generation: Generation?) -> Evidence? {
        let client = Clients(core, generation).key(of: token.clientID)
        guard isOver || token.expiresAt > core.now, client != nil || generation?.clients[token.clientID] != nil,
            core.restoration?.ends(tokenFrom: token.issuedAt) != true
        else { return nil }
        let authorization = token.authorization
        var ids = [token.id]
        if let session = authorization.sessionID { ids.append(session) }
        ids += Tombstone.ids(ofGrant: authorization.grantID)
        return Evidence(
            tombstones: ids.map(Tombstone.key), user: Users(core, generation).key(of: authorization.subject),
            client: client)
    }

    /// The records of the user and of the client; nil if the token has ended, or the grant with its client.
    @inline(never)
    private func check(
        _ authorization: Authorization, _ evidence: Evidence, _ found: [StoreRecord?], _ generation: Generation?
    ) throws -> (user: StoreRecord?, client: StoreRecord?)? {
        let user = evidence.user == nil ? nil : found[evidence.tombstones.count]
        let client = evidence.client == nil ? nil : found.last ?? nil
        if let recent = RecentRecords.current {
            if let key = evidence.user { recent.keep(user, at: key) }
            if let key = evidence.client { recent.keep(client, at: key) }
        }
        guard found.prefix(evidence.tombstones.count).allSatisfy({ $0 == nil }),
            try Clients(core, generation).isGood(authorization, given: client, isStored: evidence.client != nil)
        else { return nil }
        return (user, client)
    }

    /// Revokes a token, a grant or a session with one write.
    func revoke(_ what: Revocation, reason: String) async throws {
        try await revoke(what, reason: reason, and: [])
    }

    /// Revokes something, and commits other writes together with the tombstone.
    func revoke(_ what: Revocation, reason: String, and others: [StoreWrite]) async throws {
        let generation = core.generation
        var writes = [StoreWrite.create(Tombstone.record(of: what, at: core.now, generation))]
        if case .session(let id) = what { writes.append(.delete(Session.key(id))) }
        let promised = try await core.promise([Event(what, reason)])
        let added = try await ofPlugins(what, generation) + promised.added
        guard try await commit(tombstone: writes + others, with: added) else {
            // It had ended before; the other writes must happen anyway.
            if !others.isEmpty { _ = try await core.store.write(others) }
            return
        }
        guard !HeadRequest.isCurrent else { return }
        core.logger.notice("revoked", metadata: ["what": "\(what)", "reason": "\(reason)"])
        core.recorder.record(promised)
    }

    /// What plugins commit together with a revocation.
    ///
    /// A plugin that fails or may not make one of its writes is left out, since its mistake must not keep alive what has
    /// to end. If the store fails, the revocation fails too, and can be repeated.
    private func ofPlugins(_ what: Revocation, _ generation: Generation?) async throws -> [AddedWrites] {
        var all: [AddedWrites] = []
        for participant in generation?.capabilities.revocationParticipants ?? [] {
            do {
                let writes: [StoreWrite] = try await participant.call("RevocationParticipant.writes") {
                    let writes = try await $0.writes(revoking: what)
                    try participant.owner.check(writes, of: "a participant in revocations")
                    return writes
                }
                if !writes.isEmpty { all.append(AddedWrites(plugin: participant.plugin, writes: writes)) }
            } catch let error as StoreError {
                throw error
            } catch {
                core.logger.error(
                    "a plugin's part of a revocation cannot be committed, so it is left out",
                    metadata: ["plugin": "\(participant.owner.plugin)", "error": "\(error)"])
            }
        }
        return all
    }

    /// Commits a tombstone with what participants and outboxes add, without what cannot be committed: a plugin's
    /// mistake must not keep alive what has to end.
    ///
    /// - Returns: Whether this call created the tombstone; false if it already existed.
    /// - Throws: `StoreError` if the tombstone cannot be committed.
    private func commit(tombstone: [StoreWrite], with added: [AddedWrites]) async throws -> Bool {
        let outcome = try await added.commit(with: tombstone, in: core.store) { plugin in
            core.logger.error(
                "a plugin's part of a revocation cannot be committed, so it is left out",
                metadata: ["plugin": "\(plugin)"])
        }
        switch outcome {
        case .committed: return true
        case .conflict(write: 0, found: _): return false
        default: throw StoreError("a revocation could not be committed")
        }
    }

    /// The condition that something has not been revoked, to be committed with what depends on it.
    func unrevoked(_ what: Revocation) -> StoreWrite {
        .absent(Tombstone.key(Tombstone.id(of: what)))
    }
}
