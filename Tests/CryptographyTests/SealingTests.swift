// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import Support
import Testing

@Suite("Sealed strings (AES-256-GCM, NIST SP 800-38D)", .timeLimit(.minutes(10)))
struct SealingTests {
    private func ring(_ ids: String...) throws -> ServerKeyRing {
        ServerKeyRing(
            signingKeys: [try SigningKey.generate()],
            macKeys: ids.map {
                ServerKeyRing.MACKey(id: $0, bytes: Array("\($0)".utf8) + Array(repeating: 7, count: 31))
            })
    }

    @Test(
        "a sealed text is opened unchanged",
        arguments: ["", "a", "\u{1F511} and more", String(repeating: "x", count: 9000)])
    func opens(_ text: String) throws {
        let ring = try ring("k")
        let sealed = try ring.seal(text, purpose: "p")
        #expect(ring.open(sealed, purpose: "p") == text)
        #expect(text.count < 8 || !sealed.contains(text))
        #expect(try ring.seal(text, purpose: "p") != sealed, "no two seals are alike")
    }

    @Test("every change of a sealed text is detected")
    func changed() throws {
        let ring = try ring("k")
        let sealed = Array(try ring.seal("a string", purpose: "p").utf8)
        for place in sealed.indices {
            var changed = sealed
            changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(ring.open(String(decoding: changed, as: UTF8.self), purpose: "p") == nil, "place \(place)")
            #expect(ring.open(String(decoding: sealed.prefix(place), as: UTF8.self), purpose: "p") == nil)
        }
    }

    @Test("it can only be opened for its purpose and with its own key")
    func bound() throws {
        let sealed = try ring("k").seal("a string", purpose: "p")
        #expect(try ring("k").open(sealed, purpose: "q") == nil)
        #expect(try ring("l").open(sealed, purpose: "p") == nil)
        #expect(try ring("l").open("l" + sealed.dropFirst(), purpose: "p") == nil)
        #expect(try ring("l", "k").open(sealed, purpose: "p") == "a string", "it outlives a change of keys")
        for other in ["", ".", "k.", "k..", ".x", "k.!", sealed + ".", " " + sealed] {
            #expect(try ring("k").open(other, purpose: "p") == nil)
        }
    }

    @Test(
        "a half hash uses the digest that belongs to the algorithm",
        .clause("OpenID Connect Core section 3.1.3.6"),
        arguments: [
            ("RS256", "ungWv48Bz-pBQUDeXa4iIw"), ("ES256", "ungWv48Bz-pBQUDeXa4iIw"),
            ("ES384", "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFj"),
            ("EdDSA", "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o"),
        ])
    func half(_ algorithm: String, _ expected: String) {
        // The digests of "abc" are those of FIPS 180-4's examples.
        #expect(SystemCryptography().leftHalf("abc", algorithm: algorithm) == expected)
    }
}
