// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Synchronization
import Testing

@testable import Cryptography

/// One server's view of the shared keys.
private struct Server {
    let keeper: KeyKeeper
    var ring: ServerKeyRing

    init(_ store: any Store, _ settings: KeyKeeper.Settings, at now: Timestamp) async throws {
        keeper = KeyKeeper(store, settings)
        ring = try await keeper.open(now: now)
    }

    mutating func look(_ now: Timestamp) async throws {
        if case .changed(let ring) = try await keeper.look(now: now) { self.ring = ring }
    }

    mutating func advance(_ now: Timestamp) async throws {
        if case .changed(let ring) = try await keeper.advance(now: now) { self.ring = ring }
    }

    var signer: String { ring.signingKeys[0].id }
    var published: [String] { (ring.publicJWKS["keys"]?.elements ?? []).compactMap { $0["kid"]?.string } }
}

@Suite("Keys are rotated automatically", .timeLimit(.minutes(10)))
struct KeyPlanTests {
    static let start = Timestamp(seconds: 1_800_000_000)
    static let plan = KeyPlan(rotateEvery: .seconds(14_400), announce: .seconds(3600), cache: .seconds(600))

    static func settings(
        _ algorithms: [SignatureAlgorithm] = [.es256], token: Duration = .seconds(1800), declared: [SigningKey] = [],
        sealing: Sealing = Sealing(), plan: KeyPlan = plan
    ) -> KeyKeeper.Settings {
        .init(
            plan: plan, sealing: sealing,
            needs: KeyNeeds(algorithms: algorithms, longestToken: token, declared: declared))
    }

    private func at(_ seconds: Int64) -> Timestamp { KeyPlanTests.start + .seconds(seconds) }

    @Test("no time or lifetime in a record of keys ends the process", arguments: [Int64.min, -1, 0, 1, .max])
    func extremes(_ number: Int64) {
        let moments = [Int64.min, -1, 0, 1, KeyPlanTests.start.seconds, .max].map(Timestamp.init(seconds:))
        let needs = [Duration.zero, .seconds(Int64.max), .seconds(Int64.max) * 9].map { KeyNeeds(longestToken: $0) }
        for (from, until) in moments.flatMap({ from in moments.map { (from, $0) } }) {
            var record = KeyRecord()
            for id in ["one", "two"] {
                var key = KeyRecord.Key(planned: id, .es256, announced: from, from: id == "one" ? from : until)
                (key.usedUntil, key.longest) = (until, number)
                record.keys.append(key)
            }
            record.declared = [.init(id: "declared", usedUntil: until, longest: number, publicJWK: .null)]
            for now in moments {
                for needs in needs {
                    #expect(KeyPlanTests.plan.timeline(record, from: now, needs: needs, count: 5).count <= 5)
                }
                _ = KeyPlanTests.plan.lost(KeyRecord(), since: record, at: now)
            }
        }
    }

    @Test("over a hundred rotations no token fails at a verifier that caches the keys for as long as it may")
    func hundredRotations() async throws {
        // As short as allowed: servers check every 97 seconds and three seconds apart, and copies are cached for 600.
        let tally = try await caching(announce: 700, changes: 100)
        #expect(tally.failed == 0, "\(tally)")
        #expect(tally.withCached > 10_000 && tally.withFresh > 1000, "\(tally)")
        print("keys: 100 changes, \(tally)")
    }

    @Test("a key that is announced for a shorter time fails at the same verifiers", arguments: [0, 300] as [Int64])
    func tooShort(_ announce: Int64) async throws {
        let tally = try await caching(announce: announce, changes: 10)
        #expect(tally.failed > 0, "\(tally)")
    }

    private struct Tally {
        var (withCached, withFresh, failed) = (0, 0, 0)

        mutating func verify(_ token: String, _ set: JSONWebKeySet, isCached: Bool) {
            if (try? CompactJWS(token).verified(by: set)) == nil { failed += 1 }
            if isCached { withCached += 1 } else { withFresh += 1 }
        }
    }

    /// Two servers sign, and verifiers cache the keys of each server for as long as allowed.
    ///
    /// The verifiers read the keys again for no other reason, not even for an unknown key.
    private func caching(announce: Int64, changes: Int) async throws -> Tally {
        let plan = KeyPlan(rotateEvery: .seconds(3600), announce: .seconds(announce), cache: .seconds(600))
        let (store, settings) = (try CountingStore.alone(), KeyPlanTests.settings(plan: plan))
        var servers = [try await Server(store, settings, at: at(0))]
        servers.append(try await Server(store, settings, at: at(1)))
        var copies: [(set: JSONWebKeySet, ends: Int64)?] = [nil, nil, nil]
        var (tally, signers, tokens, time) = (Tally(), Set<String>(), [(text: String, ends: Int64)](), Int64(0))
        while signers.count <= changes {
            time += 97
            for place in servers.indices { try await servers[place].look(at(time + Int64(place) * 3)) }
            signers.formUnion(servers.map(\.signer))
            let ring = servers[Int(time % 2)].ring
            tokens.append((try await ring.sign(["n": .integer(time)], type: "JWT", algorithm: "ES256"), time + 1800))
            tokens.removeAll { $0.ends < time }
            for place in copies.indices {
                let isCached = copies[place].map { $0.ends > time } ?? false
                if !isCached {
                    let set = servers[(Int(time) + place) % 2].ring.publicJWKS
                    copies[place] = (try JSONWebKeySet(set), time + 600 - Int64(place) * 97)
                }
                let set = try #require(copies[place]?.set)
                for token in [tokens.first, tokens.last].compactMap(\.self) {
                    tally.verify(token.text, set, isCached: isCached)
                }
            }
        }
        return tally
    }

    @Test("a key is announced, signs, and stays until its last token has expired")
    func life() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings(), at: at(0))
        let first = server.signer
        try await server.look(at(14_400 - 3600 - 1))
        #expect(server.published == [first])
        try await server.look(at(14_400 - 3600))
        #expect(server.published.count == 2 && server.published[0] == first && server.signer == first)
        let second = server.published[1]
        try await server.look(at(14_399))
        #expect(server.signer == first)
        try await server.look(at(14_400))
        #expect(server.signer == second && server.published == [second, first])
        try await server.look(at(14_400 + 1800 + 59))
        #expect(server.published == [second, first])
        try await server.look(at(14_400 + 1800 + 60))
        #expect(server.published == [second])
    }

    @Test("a longer token lifetime keeps its key longer, even after the setting is shortened again")
    func longest() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings(), at: at(0))
        let first = server.signer
        server.ring = try await server.keeper.open(KeyPlanTests.settings(token: .seconds(9000)), now: at(100))
        server.ring = try await server.keeper.open(KeyPlanTests.settings(token: .seconds(60)), now: at(200))
        try await server.look(at(14_400 - 3600))
        try await server.look(at(14_400 + 9000 + 59))
        #expect(server.published.contains(first))
        try await server.look(at(14_400 + 9000 + 60))
        #expect(!server.published.contains(first))
    }

    @Test("of racing servers one generates the successor, and all announce it")
    func race() async throws {
        for _ in 0..<20 {
            let store = try CountingStore.alone()
            let keepers = (0..<8).map { _ in KeyKeeper(store, KeyPlanTests.settings()) }
            for moment in [at(0), at(14_400 - 3600)] {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for keeper in keepers { group.addTask { _ = try await keeper.open(now: moment) } }
                    try await group.waitForAll()
                }
            }
            var sets: Set<String> = []
            for keeper in keepers { sets.insert(try await keeper.open(now: at(14_400 - 3599)).publicJWKS.text) }
            #expect(sets.count == 1)
            #expect(try await StoredKeys(store, sealing: Sealing()).read(now: at(0))?.keys.count == 2)
            #expect(store.writes <= 16 * 2)
        }
    }

    @Test("a key begins to sign on time without a write and without the store")
    func activation() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings(), at: at(0))
        try await server.look(at(14_400 - 3600))
        let (first, second) = (server.signer, server.published[1])
        let writes = store.writes
        try await server.look(at(14_400))
        #expect(server.signer == second && store.writes == writes)
        // Another server that dies in between leaves nothing behind that has to be repaired.
        store.fail(true)
        var other = server
        await #expect(throws: StoreError.self) { try await other.look(at(14_401)) }
        #expect(other.published == [second, first])
        store.fail(false)
        let third = try await Server(store, KeyPlanTests.settings(), at: at(14_402))
        #expect(third.signer == second)
    }

    @Test("while the store fails the known keys are served, and an announced key still starts to sign")
    func failure() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings(), at: at(0))
        try await server.look(at(14_400 - 3600))
        let (first, second) = (server.signer, server.published[1])
        store.fail(true)
        await #expect(throws: StoreError.self) { try await server.look(at(14_390)) }
        #expect(server.signer == first)
        try await server.advance(at(14_400))
        #expect(server.signer == second && server.published == [second, first])
    }

    @Test("a store that lost all keys, or one of them, changes nothing")
    func lost() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings(), at: at(0))
        try await server.look(at(14_400 - 3600))
        let published = server.published
        let key = StoreKey("key_ring", "current")
        var record = try #require(try await store.read(key))
        let whole = record.value
        record.value["signing"] = .array(Array((whole["signing"]?.elements ?? []).prefix(1)))
        _ = try await store.write([.replace(record, ifVersion: record.version)])
        await #expect(throws: StoreError.self) { try await server.look(at(14_400 - 3500)) }
        #expect(server.published == published)
        _ = try await store.write([.delete(key)])
        await #expect(throws: StoreError.self) { try await server.look(at(14_400 - 3400)) }
        #expect(server.published == published)
        _ = try await store.write([.create(StoreRecord(key, whole, expiresAt: at(1_000_000)))])
        try await server.look(at(14_400))
        #expect(server.signer == published[1])
    }

    @Test("each requested algorithm has a key, and an unused key is removed when its tokens have expired")
    func algorithms() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings([.edDSA, .es256]), at: at(0))
        #expect(server.ring.signingKeys.map(\.algorithm) == ["ES256", "EdDSA"])
        server.ring = try await server.keeper.open(KeyPlanTests.settings([.es256, .es384]), now: at(100))
        // A request that began before may still ask for it.
        #expect(server.ring.signingKeys.map(\.algorithm) == ["ES256", "ES384", "EdDSA"])
        try await server.look(at(161))
        #expect(server.ring.signingKeys.map(\.algorithm) == ["ES256", "ES384"] && server.published.count == 3)
        await #expect(throws: ConfigurationError.self) {
            try await server.ring.sign([:], type: "JWT", algorithm: "EdDSA")
        }
        try await server.look(at(3600 + 1800 + 59))
        #expect(server.published.count == 3)
        try await server.look(at(3600 + 1800 + 60))
        #expect(server.published.count == 2)
    }

    @Test("rings are served in order, whatever causes them")
    func order() async throws {
        let store = try CountingStore.alone()
        let served = Mutex<[ServerKeyRing]>([])
        let keeper = KeyKeeper(store, KeyPlanTests.settings([.es256])) { ring, _ in served.withLock { $0.append(ring) }
        }
        _ = try await keeper.open(now: at(0))
        for round in 0..<50 {
            let algorithms: [SignatureAlgorithm] = round % 2 == 0 ? [.es256, .edDSA] : [.es256]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await keeper.look(now: self.at(Int64(round) * 100)) } }
                group.addTask {
                    _ = try await keeper.open(KeyPlanTests.settings(algorithms), now: self.at(Int64(round) * 100))
                }
                try await group.waitForAll()
            }
            let last = try #require(served.withLock { $0.last })
            #expect(algorithms.allSatisfy { wanted in last.signingKeys.contains { $0.algorithm == wanted.rawValue } })
        }
    }

    @Test("two servers that need different algorithms keep each other's keys")
    func different() async throws {
        let store = try CountingStore.alone()
        var one = try await Server(store, KeyPlanTests.settings([.es256]), at: at(0))
        var two = try await Server(store, KeyPlanTests.settings([.edDSA]), at: at(0))
        for time in stride(from: Int64(0), to: 60_000, by: 500) {
            try await one.look(at(time))
            try await two.look(at(time + 1))
            #expect(one.ring.signingKeys[0].algorithm == "ES256" && two.ring.signingKeys[0].algorithm == "EdDSA")
            let token = try await two.ring.sign([:], type: "JWT", algorithm: "EdDSA")
            try await one.look(at(time + 5))
            #expect(one.ring.verify(token, type: "JWT") != nil)
        }
    }

    @Test("a removed declared key still signs for requests in progress and is then dropped from memory")
    func forgotten() async throws {
        let store = try CountingStore.alone()
        weak var key: SigningKey?
        var server: Server
        do {
            let declared = try SigningKey.generate(.edDSA)
            key = declared
            server = try await Server(store, KeyPlanTests.settings(declared: [declared]), at: at(0))
        }
        server.ring = try await server.keeper.open(KeyPlanTests.settings(), now: at(100))
        _ = try await server.ring.sign([:], type: "JWT", algorithm: "EdDSA")
        try await server.look(at(159))
        #expect(key != nil)
        try await server.look(at(160))
        #expect(key == nil)
    }

    @Test("a declared key takes precedence over generated ones, and its public half outlives the declaration")
    func declared() async throws {
        let store = try CountingStore.alone()
        var server = try await Server(store, KeyPlanTests.settings(), at: at(0))
        let own = server.signer
        let (key, second) = (try SigningKey.generate(), try SigningKey.generate())
        server.ring = try await server.keeper.open(KeyPlanTests.settings(declared: [key, second]), now: at(10))
        #expect(server.published == [key.id, second.id, own])
        let token = try await server.ring.sign([:], type: "JWT", algorithm: "ES256")
        try await server.look(at(5000))
        server.ring = try await server.keeper.open(KeyPlanTests.settings(), now: at(5001))
        #expect(server.signer == own && Set(server.published) == [own, key.id, second.id])
        #expect(server.ring.verify(token, type: "JWT") != nil)
        // At 5000, the lease was renewed for another hour.
        try await server.look(at(5000 + 3600 + 1800 + 59))
        #expect(server.published.contains(key.id))
        try await server.look(at(5000 + 3600 + 1800 + 60))
        #expect(!server.published.contains(key.id) && server.published.contains(server.signer))
    }

    @Test("the timeline predicts what happens")
    func timeline() async throws {
        let store = try CountingStore.alone()
        let settings = KeyPlanTests.settings([.es256])
        var server = try await Server(store, settings, at: at(0))
        let keys = StoredKeys(store, sealing: Sealing())
        let record = try #require(try await keys.read(now: at(0)))
        let events = settings.plan.timeline(record, from: at(0), needs: settings.needs, count: 7)
        #expect(
            events.map {
                "\($0.moment.seconds - KeyPlanTests.start.seconds) \($0.kind) \($0.key == server.signer ? "first" : $0.key)"
            }
                == [
                    "10800 announced new-1", "14400 retired first", "14400 signs new-1", "16260 removed first",
                    "25200 announced new-2", "28800 retired new-1", "28800 signs new-2",
                ])
        let first = server.signer
        for (moment, count) in [(10_800, 2), (14_400, 2), (16_260, 1), (25_200, 2), (28_800, 2)] as [(Int64, Int)] {
            try await server.look(at(moment - 1))
            try await server.look(at(moment))
            #expect(server.published.count == count, "\(moment)")
        }
        #expect(server.signer != first)
    }
}
