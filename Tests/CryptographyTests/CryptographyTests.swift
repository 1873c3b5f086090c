// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import Cryptography

@Suite("Cryptography with OpenSSL", .timeLimit(.minutes(10)))
struct CryptographyTests {
    @Test("base64url is written without padding and read strictly", .clause("RFC 7515 appendix C"))
    func base64url() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME".utf8) == [3, 236, 255, 224, 193])
        for text in ["A", "A-z_4ME=", "A+z", "A/z", "A-z_4M\u{0}", "AB", "AAB"] {
            #expect(Base64URL.decode(text.utf8) == nil, "\(text)")
        }
        #expect(Base64URL.decode("".utf8) == [])
    }

    @Test("every text either is what its bytes are encoded as or is refused")
    func everyDigit() {
        for length in 1...9 {
            let bytes = Digest.random(length)
            let text = Array(Base64URL.encode(bytes).utf8)
            #expect(Base64URL.decode(text) == bytes)
            for place in text.indices {
                for byte in UInt8.min...UInt8.max {
                    var changed = text
                    changed[place] = byte
                    guard let decoded = Base64URL.decode(changed) else { continue }
                    #expect(Array(Base64URL.encode(decoded).utf8) == changed)
                }
            }
            #expect(Base64URL.decode(text + [UInt8(ascii: "A")]).map(Base64URL.encode) != Base64URL.encode(bytes))
        }
    }

    @Test("HMAC-SHA-256 matches the test vector", .clause("RFC 4231 section 4.3"))
    func hmac() {
        let code = Digest.hmac(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(Base64URL.encode(code) == "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM")
    }

    @Test("a key's ID is its thumbprint", .clause("RFC 7638 section 3"))
    func thumbprint() throws {
        let key = try SigningKey.generate()
        let (x, y) = (key.publicJWK["x"]?.string ?? "", key.publicJWK["y"]?.string ?? "")
        let canonical = #"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#
        #expect(key.id == SystemCryptography().digest(canonical))
    }

    @Test("a key read back from PEM is the same key")
    func pem() throws {
        let key = try SigningKey.generate()
        #expect(try SigningKey(pem: key.privatePEM()).id == key.id)
    }

    @Test(
        "anything but a private key in PEM is refused",
        arguments: ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func noKey(_ pem: String) {
        #expect(throws: CryptographyError.self) { try SigningKey(pem: Secret(pem)) }
    }

    private func ring() throws -> ServerKeyRing {
        ServerKeyRing(signingKeys: [try SigningKey.generate()], macKeys: [.init(id: "k1", bytes: Digest.random(32))])
    }

    @Test("a signature verifies only as its own type", .clause("RFC 8725 section 3.11"))
    func signs() async throws {
        let ring = try ring()
        let token = try await ring.sign(["sub": "ann"], type: "at+jwt", algorithm: "ES256")
        #expect(ring.verify(token, type: "at+jwt")?.claims["sub"] == "ann")
        #expect(ring.verify(token, type: "JWT") == nil)
        #expect(try self.ring().verify(token, type: "at+jwt") == nil)
        await #expect(throws: ConfigurationError.self) { try await ring.sign([:], type: "JWT", algorithm: "RS256") }
    }

    @Test(
        "a token with a forged header does not verify", .clause("RFC 8725 section 3.1"),
        arguments: [
            #"{"alg":"none","typ":"at+jwt","kid":"KID"}"#, #"{"alg":"HS256","typ":"at+jwt","kid":"KID"}"#,
            #"{"alg":"ES256","typ":"at+jwt"}"#,
            #"{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":["b64"],"b64":false}"#, #"{"typ":"at+jwt","kid":"KID"}"#,
        ])
    func forged(_ header: String) async throws {
        let ring = try ring()
        let token = try await ring.sign(["sub": "ann"], type: "at+jwt", algorithm: nil)
        let parts = token.split(separator: ".").map(String.init)
        let forged = Base64URL.encode(Array(header.replacing("KID", with: ring.signingKeys[0].id).utf8))
        #expect(ring.verify("\(forged).\(parts[1]).\(parts[2])", type: "at+jwt") == nil)
        #expect(ring.verify("\(forged).\(parts[1]).", type: "at+jwt") == nil)
        // Signed correctly, so that it is the header that is refused.
        let signature = try ring.signingKeys[0].sign(Array("\(forged).\(parts[1])".utf8))
        #expect(ring.verify("\(forged).\(parts[1]).\(Base64URL.encode(signature))", type: "at+jwt") == nil)
    }

    @Test("headers are kept for a few short types alone, since plugins sign with any type")
    func headers() async throws {
        let ring = try ring()
        for number in 0..<1000 { _ = try await ring.sign([:], type: "type \(number)", algorithm: nil) }
        #expect(ring.keptHeaders == 64)
        let other = try self.ring()
        let long = String(repeating: "x", count: 1000)
        let token = try await other.sign([:], type: long, algorithm: nil)
        #expect(other.keptHeaders == 0 && other.verify(token, type: long) != nil)
    }

    @Test("many threads sign with one key at once, and every signature verifies")
    func concurrent() async throws {
        let ring = try ring()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let token = try await ring.sign(["n": .integer(Int64(number))], type: "JWT", algorithm: nil)
                    return ring.verify(token, type: "JWT")?.claims["n"]?.integer == Int64(number)
                }
            }
            for try await isFine in group { #expect(isFine) }
        }
    }

    @Test("a MAC is valid for one message and one purpose")
    func codes() throws {
        let ring = try ring()
        let code = ring.authenticationCode("message", purpose: "a")
        #expect(ring.isAuthentic(code, over: "message", purpose: "a"))
        #expect(!ring.isAuthentic(code, over: "message", purpose: "b"))
        #expect(!ring.isAuthentic(code, over: "messagf", purpose: "a"))
        #expect(try !self.ring().isAuthentic(code, over: "message", purpose: "a"))
        #expect(!ring.isAuthentic("", over: "message", purpose: "a"))
    }

    @Test("places for slow hashes are limited for each address")
    func pool() async throws {
        let pool = HashingPool(threads: 1)
        let full = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    do {
                        return try await pool.run(from: "192.0.2.1") { () -> Bool in
                            for _ in 0..<2_000_000 { _ = SystemCryptography() }
                            return false
                        }
                    } catch { return true }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(full >= 1)
        #expect(pool.waiting == 0)
        #expect(try await pool.run(from: "192.0.2.2") { 7 } == 7)
    }
}
