// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import Cryptography

@Suite("Signatures that have been verified", .timeLimit(.minutes(10)))
struct VerifiedSignatureTests {
    private let clock = ManualClock()

    private func ring(_ keys: [SigningKey], others: [JSON] = []) -> ServerKeyRing {
        ServerKeyRing(
            signingKeys: keys, otherKeys: others, macKeys: [.init(id: "k1", bytes: Digest.random(32))],
            clock: clock.read)
    }

    private func token(_ ring: ServerKeyRing, life: Int64 = 60) async throws -> String {
        try await ring.sign(
            ["sub": "ann", "exp": .integer(clock.now.seconds + life)], type: "at+jwt", algorithm: nil)
    }

    private func digest(_ number: Int) -> TokenDigest { TokenDigest(of: Array("\(number)".utf8)) }

    // MARK: what is remembered

    @Test("a token is remembered once its signature is valid, and verifies as before")
    func remembered() async throws {
        let ring = ring([try SigningKey.generate()])
        let token = try await token(ring)
        let digest = try CompactJWS(token).digest
        #expect(!ring.verified.contains(digest, at: clock.now))
        let first = try #require(ring.verify(token, type: "at+jwt"))
        #expect(ring.verified.contains(digest, at: clock.now))
        let second = try #require(ring.verify(token, type: "at+jwt"))
        #expect(first.claims == second.claims && first.header == second.header && first.claims["sub"] == "ann")
        #expect(ring.verified.count == 1)
    }

    @Test("a token without an end is not remembered")
    func endless() async throws {
        let ring = ring([try SigningKey.generate()])
        let token = try await ring.sign(["sub": "ann"], type: "at+jwt", algorithm: nil)
        #expect(ring.verify(token, type: "at+jwt") != nil)
        #expect(ring.verified.count == 0)
    }

    @Test("a remembered token still has one type")
    func otherType() async throws {
        let ring = ring([try SigningKey.generate()])
        let token = try await token(ring)
        #expect(ring.verify(token, type: "at+jwt") != nil)
        #expect(ring.verify(token, type: "JWT") == nil)
    }

    @Test("a token is remembered whole: with any other character in it, it is another token")
    func changed() async throws {
        let ring = ring([try SigningKey.generate()])
        let token = try await token(ring)
        #expect(ring.verify(token, type: "at+jwt") != nil)
        let bytes = Array(token.utf8)
        for place in bytes.indices {
            var other = bytes
            other[place] = other[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(ring.verify(String(decoding: other, as: UTF8.self), type: "at+jwt") == nil, "\(place)")
        }
        #expect(ring.verify(token + "A", type: "at+jwt") == nil)
        #expect(ring.verified.count == 1)
    }

    @Test("a token with a wrong signature is never remembered")
    func wrong() async throws {
        let (ring, other) = (ring([try SigningKey.generate()]), ring([try SigningKey.generate()]))
        let token = try await token(other)
        for _ in 0..<3 { #expect(ring.verify(token, type: "at+jwt") == nil) }
        #expect(ring.verified.count == 0)
    }

    // MARK: what ends it

    @Test("an expired token is not remembered, whether it was before or not")
    func expired() async throws {
        let ring = ring([try SigningKey.generate()])
        let (used, unused) = (try await token(ring), try await token(ring, life: 30))
        #expect(ring.verify(used, type: "at+jwt") != nil)
        let digest = try CompactJWS(used).digest
        clock.advance(.seconds(59))
        #expect(ring.verified.contains(digest, at: clock.now))
        clock.advance(.seconds(1))
        #expect(!ring.verified.contains(digest, at: clock.now))
        // The signature is as valid as before; it is the caller who asks for the time.
        #expect(ring.verify(used, type: "at+jwt") != nil && ring.verify(unused, type: "at+jwt") != nil)
        #expect(!ring.verified.contains(digest, at: clock.now))
        #expect(try !ring.verified.contains(CompactJWS(unused).digest, at: clock.now))
    }

    @Test("a ring without the key refuses a token that the ring before it has verified")
    func retired() async throws {
        let (old, new) = (try SigningKey.generate(), try SigningKey.generate())
        let before = ring([old])
        let token = try await token(before)
        #expect(before.verify(token, type: "at+jwt") != nil)
        let rotated = ring([new], others: [old.publicJWK])
        #expect(rotated.verified.count == 0)
        #expect(rotated.verify(token, type: "at+jwt") != nil)
        #expect(ring([new]).verify(token, type: "at+jwt") == nil)
    }

    // MARK: bounds

    @Test("the number of tokens is bounded, and those in use stay")
    func bounded() {
        let signatures = VerifiedSignatures()
        let (now, end) = (clock.now, clock.now + .seconds(60))
        let used = digest(-1)
        signatures.insert(used, until: end, at: now)
        for number in 0..<(3 * VerifiedSignatures.most) {
            signatures.insert(digest(number), until: end, at: now)
            if number.isMultiple(of: 1000) { #expect(signatures.contains(used, at: now)) }
            if number.isMultiple(of: 100) { #expect(signatures.count <= VerifiedSignatures.most) }
        }
        #expect(!signatures.contains(digest(0), at: now))
        #expect(signatures.contains(digest(3 * VerifiedSignatures.most - 1), at: now))
    }

    @Test("64 requests at once with the same tokens get the same answers")
    func together() async throws {
        let (ring, stranger) = (ring([try SigningKey.generate()]), ring([try SigningKey.generate()]))
        let good = try await Array(count: 8) { try await token(ring) }
        let bad = try await Array(count: 8) { try await token(stranger) }
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    (0..<32).allSatisfy { round in
                        let place = (number + round) % 8
                        return ring.verify(good[place], type: "at+jwt") != nil
                            && ring.verify(bad[place], type: "at+jwt") == nil
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(ring.verified.count == 8)
    }
}

extension Array {
    fileprivate init(count: Int, _ make: () async throws -> Element) async rethrows {
        self = []
        for _ in 0..<count { append(try await make()) }
    }
}
