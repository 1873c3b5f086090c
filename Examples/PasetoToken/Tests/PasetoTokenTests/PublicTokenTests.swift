// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Testing

@testable import PasetoToken

@Suite("The format v4.public", .timeLimit(.minutes(10)))
struct PublicTokenTests {
    /// The key, messages and tokens of the specification's test vectors, `v4.json`.
    struct Vector: Sendable, CustomStringConvertible {
        let description: String
        var footer = ""
        var assertion = ""
        /// The token after the part that all of them have.
        let end: String

        var token: String { Vector.start + end }
        private static let start =
            "v4.public.eyJkYXRhIjoidGhpcyBpcyBhIHNpZ25lZCBtZXNzYWdlIiwiZXhwIjoiMjAyMi0wMS0wMVQwMDowMDowMCswMDowMCJ9"
        static let message = #"{"data":"this is a signed message","exp":"2022-01-01T00:00:00+00:00"}"#
        static let seed = "b4cbfb43df4ce210727d953e4a713307fa19bb7d9f85041438d9e11b942a3774"
        static let publicHalf = "1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2"
        static let kid = #"{"kid":"zVhMiPBP9fRf2snEcT7gFTioeA9COcNy9DfgL1W60haN"}"#
        static let encodedKid = ".eyJraWQiOiJ6VmhNaVBCUDlmUmYyc25FY1Q3Z0ZUaW9lQTlDT2NOeTlEZmdMMVc2MGhhTiJ9"

        static let all = [
            Vector(
                description: "4-S-1",
                end: "bg_XBBzds8lTZShVlwwKSgeKpLT3yukTw6JUz3W4h_ExsQV-P0V54zemZDcAxFaSeef1QlXEFtkqxT1ciiQEDA"),
            Vector(
                description: "4-S-2", footer: kid,
                end: "v3Jt8mx_TdM2ceTGoqwrh4yDFn0XsHvvV_D0DtwQxVrJEBMl0F2caAdgnpKlt4p7xBnx1HcO-SPo8FPp214HDw"
                    + encodedKid),
            Vector(
                description: "4-S-3", footer: kid, assertion: #"{"test-vector":"4-S-3"}"#,
                end: "NPWciuD3d0o5eXJXG5pJy-DiVEoyPYWs1YSTwWHNJq6DZD3je5gf-0M4JR9ipdUSJbIovzmBECeaWmaqcaP0DQ"
                    + encodedKid),
        ]
    }

    private static func bytes(hex: String) -> [UInt8] {
        var (bytes, digits) = ([UInt8](), Array(hex.utf8)[...])
        while digits.count >= 2 {
            bytes.append(UInt8(String(decoding: digits.prefix(2), as: UTF8.self), radix: 16) ?? 0)
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    private func signer() throws -> Ed25519Key {
        try #require(Ed25519Key(PublicTokenTests.bytes(hex: Vector.seed), .seed))
    }

    private func verifier() throws -> Ed25519Key {
        try #require(Ed25519Key(PublicTokenTests.bytes(hex: Vector.publicHalf), .publicHalf))
    }

    // MARK: the specification

    @Test("a vector of the specification is made exactly, and verified", arguments: Vector.all)
    func vectors(_ vector: Vector) throws {
        let (signer, verifier) = (try signer(), try verifier())
        #expect(signer.publicHalf == verifier.publicHalf)
        let made = PublicToken.make(
            Array(Vector.message.utf8), footer: Array(vector.footer.utf8), assertion: vector.assertion, by: signer)
        #expect(made == vector.token)
        let read = try #require(PublicToken(vector.token))
        #expect(read.message == Array(Vector.message.utf8) && read.footer == Array(vector.footer.utf8))
        #expect(read.isSigned(by: verifier, assertion: vector.assertion))
        #expect(!read.isSigned(by: verifier, assertion: vector.assertion + " "))
    }

    @Test("the pre-authentication encoding has the numbers of the specification")
    func encoding() {
        let (zero, one, four) = (number(0), number(1), number(4))
        #expect(PublicToken.encoding([]) == zero)
        #expect(PublicToken.encoding([[]]) == one + zero)
        let test = Array("test".utf8)
        #expect(PublicToken.encoding([test]) == one + four + test)
        #expect(PublicToken.encoding([[1], [2]]) != PublicToken.encoding([[1, 2]]))
    }

    private func number(_ number: UInt8) -> [UInt8] {
        [number, 0, 0, 0, 0, 0, 0, 0]
    }

    // MARK: what is refused

    @Test("no other byte of a token may change", arguments: Vector.all)
    func changed(_ vector: Vector) throws {
        let key = try verifier()
        let token = Array(vector.token.utf8)
        for place in token.indices {
            for byte in Array("A-.=".utf8) where byte != token[place] {
                var other = token
                other[place] = byte
                let read = PublicToken(String(decoding: other, as: UTF8.self))
                let isSigned = read?.isSigned(by: key, assertion: vector.assertion) ?? false
                #expect(!isSigned, "the byte at \(place) may be \(byte)")
            }
        }
    }

    @Test("a token may not have another footer, or one that it was not signed with")
    func footers() throws {
        let key = try verifier()
        let (bare, named) = (Vector.all[0].token, Vector.all[1].token)
        for token in [bare + Vector.encodedKid, String(named.dropLast(Vector.encodedKid.utf8.count)), named + "A"] {
            let isSigned = PublicToken(token)?.isSigned(by: key, assertion: "") ?? false
            #expect(!isSigned)
        }
        for token in [bare + ".", bare + "..", named + ".", named + Vector.encodedKid] {
            #expect(PublicToken(token) == nil)
        }
    }

    @Test("what is not a v4.public token is refused")
    func foreign() {
        let token = Vector.all[0].token
        let starts = ["v4.local", "v3.public", "V4.public", "v4.publi\u{441}", "v4.public\u{301}"]
        let others = starts.map { "\($0)\(token.dropFirst("v4.public".count))" }
        let rest = ["", "v4.public", "v4.public.", "v4.public.AAAA", token + "=", token + "\n", " " + token]
        let long = "v4.public." + String(repeating: "A", count: 20_000)
        for value in others + rest + [long] { #expect(PublicToken(value) == nil) }
    }

    @Test(
        "base64url that is not canonical is refused",
        arguments: ["A", "AAAAA", "AB", "AAB", "AA=", "AA==", "A A", "A+", "A/", "\u{C4}A", "AA\u{0}"])
    func encoded(_ text: String) {
        #expect(Base64URL.decode(text.utf8) == nil)
    }

    @Test("any bytes come back from base64url")
    func bytes() {
        for count in 0..<300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
        }
    }

    @Test("only 32 bytes are a key, and a public half cannot sign", arguments: [0, 1, 31, 33, 64])
    func keys(_ count: Int) throws {
        let bytes = [UInt8](repeating: 7, count: count)
        #expect(Ed25519Key(bytes, .seed) == nil && Ed25519Key(bytes, .publicHalf) == nil)
        let (signer, verifier) = (try signer(), try verifier())
        #expect(verifier.sign([1]) == nil)
        let signature = try #require(signer.sign([1]))
        #expect(verifier.isSignature(signature, of: [1]) && !verifier.isSignature(signature, of: [2]))
        #expect(!verifier.isSignature([], of: [1]) && !verifier.isSignature(signature + [0], of: [1]))
    }
}
