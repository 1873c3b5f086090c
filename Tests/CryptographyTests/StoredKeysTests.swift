// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@testable import Cryptography

@Suite("Keys in the store", .timeLimit(.minutes(10)))
struct StoredKeysTests {
    private let now = KeyPlanTests.start
    private let needs = KeyPlanTests.settings().needs

    private func sealing(_ letters: String...) throws -> Sealing {
        Sealing(try letters.map { try #require(SealingKey(Secret(String(repeating: $0, count: 64)))) })
    }

    // MARK: sealing

    @Test("a stored key whose halves are those of different keys is refused")
    func halves() throws {
        // An elliptic curve key in PKCS#8 ends with the public point, which has 65 bytes.
        func bytes(_ key: SigningKey) throws -> [UInt8] {
            let lines = try key.privatePEM().exposed.split(separator: "\n").dropFirst().dropLast()
            return try #require(Data(base64Encoded: lines.joined())).map(\.self)
        }
        let (one, other) = (try bytes(.generate()), try bytes(.generate()))
        func pem(_ bytes: [UInt8]) -> Secret {
            Secret("-----BEGIN PRIVATE KEY-----\n\(Data(bytes).base64EncodedString())\n-----END PRIVATE KEY-----\n")
        }
        _ = try SigningKey(ownPEM: pem(one), algorithm: .es256)
        #expect(throws: CryptographyError.self) {
            try SigningKey(ownPEM: pem(one.dropLast(65) + other.suffix(65)), algorithm: .es256)
        }
    }

    @Test("sealed keys reveal nothing, and can only be opened with their sealing key")
    func sealed() async throws {
        let store = try CountingStore.alone()
        let ring = try await KeyKeeper(store, KeyPlanTests.settings(sealing: try sealing("a"))).open(now: now)
        let text = try #require(try await store.read(StoreKey("key_ring", "current"))).value.text
        #expect(!text.contains("PRIVATE KEY"))
        let code = ring.authenticationCode("message", purpose: "test")
        let again = try await KeyKeeper(store, KeyPlanTests.settings(sealing: try sealing("b", "a"))).open(now: now)
        #expect(again.publicJWKS == ring.publicJWKS && again.isAuthentic(code, over: "message", purpose: "test"))
        for wrong in [Sealing(), try sealing("b")] {
            await #expect(throws: StoreError.self) {
                try await KeyKeeper(store, KeyPlanTests.settings(sealing: wrong)).open(now: now)
            }
        }
    }

    @Test("a seal opens only for the key and content it was made for")
    func tampered() throws {
        let sealing = try sealing("a")
        let sealed = try sealing.protect(Secret("text"), for: "one")
        #expect(try sealing.reveal(sealed, for: "one") == Secret("text"))
        #expect(throws: StoreError.self) { try sealing.reveal(sealed, for: "two") }
        guard case .sealed(var changed) = sealed else { throw ConfigurationError("not sealed") }
        for place in changed.text.indices {
            changed.text[place] ^= 1
            #expect(throws: StoreError.self) { try sealing.reveal(.sealed(changed), for: "one") }
            changed.text[place] ^= 1
        }
        changed.text = []
        #expect(throws: StoreError.self) { try sealing.reveal(.sealed(changed), for: "one") }
        #expect(try sealing.protect(Secret("text"), for: "one") != sealed)
    }

    @Test(
        "a sealing key has 32 bytes",
        arguments: [
            ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", true), (String(repeating: "0f", count: 32), true),
            ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", true), ("", false), ("short", false),
            (String(repeating: "0g", count: 32), false), ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", false),
        ])
    func sealingKeys(_ text: String, _ isOne: Bool) {
        #expect((SealingKey(Secret(text)) != nil) == isOne)
    }

    @Test("resealing seals everything under the first key")
    func resealed() async throws {
        let store = try CountingStore.alone()
        let ring = try await KeyKeeper(store, KeyPlanTests.settings()).open(now: now)
        for sealing in [try sealing("a"), try sealing("b", "a")] {
            let keys = StoredKeys(store, sealing: sealing)
            try await keys.change(now: now) { try $0.map(keys.resealed) }
        }
        let alone = try await KeyKeeper(store, KeyPlanTests.settings(sealing: try sealing("b"))).open(now: now)
        #expect(alone.publicJWKS == ring.publicJWKS)
    }

    // MARK: the first form

    @Test("a record in version 1 is migrated with its keys")
    func firstForm() async throws {
        let store = try CountingStore.alone()
        let key = try SigningKey.generate()
        let mac = Digest.random(32)
        let value: JSON = [
            "v": 1, "signing": [["pem": .string(try key.privatePEM().exposed)]],
            "mac": [["id": "k1", "key": .string(Base64URL.encode(mac))]],
        ]
        let name = StoreKey("key_ring", "current")
        _ = try await store.write([.create(StoreRecord(name, value, expiresAt: now + .seconds(1_000_000)))])
        let before = ServerKeyRing(signingKeys: [key], macKeys: [.init(id: "k1", bytes: mac)])
        let code = before.authenticationCode("message", purpose: "test")
        let ring = try await KeyKeeper(store, KeyPlanTests.settings()).open(now: now)
        #expect(ring.publicJWKS == before.publicJWKS && ring.isAuthentic(code, over: "message", purpose: "test"))
        #expect(try await store.read(name)?.value["v"] == 2)
    }

    @Test("a record in an unknown version is refused and left unchanged")
    func unknownForm() async throws {
        for value: JSON in [
            ["v": 3], ["v": 2, "mac": []], ["v": 2, "mac": [["id": "a", "key": "AA"]], "signing": [[:]]], [:],
        ] {
            let store = try CountingStore.alone()
            let name = StoreKey("key_ring", "current")
            _ = try await store.write([.create(StoreRecord(name, value, expiresAt: now + .seconds(1_000_000)))])
            await #expect(throws: StoreError.self) {
                try await KeyKeeper(store, KeyPlanTests.settings()).open(now: now)
            }
            #expect(try await store.read(name)?.value == value)
        }
    }

    // MARK: changes by hand

    private func record(_ store: any Store) async throws -> KeyRecord {
        _ = try await KeyKeeper(store, KeyPlanTests.settings()).open(now: now)
        return try #require(try await StoredKeys(store, sealing: Sealing()).read(now: now))
    }

    @Test("a manual rotation announces a successor once, and an immediate one signs at once")
    func rotated() async throws {
        let store = try CountingStore.alone()
        let (keys, plan) = (StoredKeys(store, sealing: Sealing()), KeyPlanTests.plan)
        let record = try await record(store)
        let once = try record.rotated(.es256, .announced, now: now + .seconds(9), plan: plan, make: keys.make)
        #expect(once.successor.from == now + .seconds(3609) && once.record.keys.count == 2)
        let twice = try once.record.rotated(.es256, .announced, now: now + .seconds(10), plan: plan, make: keys.make)
        #expect(twice.record == once.record)
        let atOnce = try twice.record.rotated(.es256, .now, now: now + .seconds(10), plan: plan, make: keys.make)
        #expect(atOnce.record.signing(.es256, at: now + .seconds(10))?.id == once.successor.id)
        #expect(atOnce.record.keys.count == 2)
        // Even a key that signs only for a moment has tokens with the longest lifetime.
        #expect(Set(atOnce.record.keys.map(\.longest)) == [1800])
        let other = try record.rotated(.edDSA, .announced, now: now, plan: plan, make: keys.make)
        #expect(other.record.signing(.edDSA, at: now)?.id == other.successor.id)
    }

    @Test("a signing key cannot be retired, and a retired one is not reported as lost")
    func retired() async throws {
        let store = try CountingStore.alone()
        let keys = StoredKeys(store, sealing: Sealing())
        let first = try await record(store)
        let signer = try #require(first.signing(.es256, at: now))
        #expect(throws: KeyChangeError.self) { try first.retired(signer.id, now: now, needs: needs) }
        #expect(throws: KeyChangeError.self) { try first.retired("nobody", now: now, needs: needs) }
        let later = now + .seconds(5)
        let keeper = KeyKeeper(store, KeyPlanTests.settings())
        _ = try await keeper.open(now: now)
        try await keys.change(now: later) {
            try $0?.rotated(.es256, .now, now: later, plan: KeyPlanTests.plan, make: keys.make).record
        }
        _ = try await keeper.look(now: later)
        try await keys.change(now: later) { [needs] in try $0?.retired(signer.id, now: later, needs: needs) }
        guard case .changed(let ring) = try await keeper.look(now: later) else { throw ConfigurationError("no change") }
        #expect(ring.publicJWKS["keys"]?.elements.count == 1 && ring.signingKeys[0].id != signer.id)
    }

    @Test("an imported key is announced before it signs, or signs at once if there was none")
    func imported() async throws {
        let store = try CountingStore.alone()
        let keys = StoredKeys(store, sealing: Sealing())
        let record = try await record(store)
        let plan = KeyPlanTests.plan
        #expect(record.moment(.es256, .announced, now: now, plan: plan) == now + plan.announce)
        #expect(record.moment(.edDSA, .announced, now: now, plan: plan) == now)
        let entry = try keys.entry(try SigningKey.generate(.edDSA), announced: now, from: now)
        let next = try record.imported(entry)
        #expect(next.signing(.edDSA, at: now)?.id == entry.id)
        #expect(throws: KeyChangeError.self) { try next.imported(entry) }
    }
}
