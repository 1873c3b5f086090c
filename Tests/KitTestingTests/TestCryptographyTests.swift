// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import GrantKitTesting
import Testing

@Suite("The cryptography of a test host")
struct TestCryptographyTests {
    private let host = TestHost().lent

    /// Lengths around the blocks of SHA-256.
    @Test("its digest is SHA-256", arguments: [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000])
    func digest(_ length: Int) {
        let text = String(repeating: "é", count: length / 2) + String(repeating: "a", count: length % 2)
        let right = Base64URL.encode(Digest.sha256(Array(text.utf8)))
        #expect(host.cryptography.digest(text) == right)
        #expect(
            host.cryptography.leftHalf(text, algorithm: "ES256")
                == Base64URL.encode(Array(Digest.sha256(Array(text.utf8)).prefix(16))))
    }

    @Test(
        "what it seals opens for the same purpose only",
        arguments: ["", "a", "é😀", String(repeating: "x", count: 5000)])
    func seals(_ text: String) async throws {
        let sealed = try await host.keys.seal(text, purpose: "a")
        #expect(try await host.keys.open(sealed, purpose: "a") == text)
        #expect(try await host.keys.open(sealed, purpose: "b") == nil)
        #expect(try await host.keys.open(sealed + "A", purpose: "a") == nil)
        #expect(try await TestHost(seed: 2).lent.keys.open(sealed, purpose: "a") == nil)
        let again = try await host.keys.seal(text, purpose: "a")
        #expect(again != sealed, "the same text is sealed in another way each time")
    }

    @Test("what it signs verifies at the same host, with the same type, unchanged")
    func signs() async throws {
        let token = try await host.keys.sign(["sub": "ann"], type: "at+jwt", algorithm: nil)
        #expect(try await host.keys.verify(token, type: "at+jwt")?.claims["sub"]?.string == "ann")
        #expect(try await host.keys.verify(token, type: "JWT") == nil)
        #expect(try await TestHost(seed: 2).lent.keys.verify(token, type: "at+jwt") == nil)
        for place in token.indices {
            var changed = token
            changed.replaceSubrange(place...place, with: token[place] == "A" ? "B" : "A")
            let verified = try await host.keys.verify(changed, type: "at+jwt")
            #expect(verified == nil, "changed at \(token.distance(from: token.startIndex, to: place))")
        }
    }

    @Test("an authentication code is for one message and one purpose")
    func codes() async throws {
        let code = try await host.keys.authenticationCode("a", purpose: "p")
        #expect(try await host.keys.isAuthentic(code, over: "a", purpose: "p"))
        #expect(try await !host.keys.isAuthentic(code, over: "b", purpose: "p"))
        #expect(try await !host.keys.isAuthentic(code, over: "a", purpose: "q"))
    }

    @Test("random bytes are the same for the same seed, and differ within a run")
    func random() {
        let (first, second) = (TestHost(seed: 7).lent, TestHost(seed: 7).lent)
        let values = (0..<50).map { _ in first.random(bytes: 16) }
        #expect(values == (0..<50).map { _ in second.random(bytes: 16) })
        #expect(Set(values).count == 50)
    }
}
