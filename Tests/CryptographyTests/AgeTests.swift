// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Testing

@testable import Cryptography

@Suite("Files in the age format", .timeLimit(.minutes(10)))
struct AgeTests {
    private static let passphrase = Secret("correct horse battery")

    private static func sealed(_ plain: [UInt8], inParts size: Int = 1 << 20) throws -> [UInt8] {
        var file: [UInt8] = []
        let writer = try AgeWriter(passphrase) { file += $0 }
        for start in stride(from: 0, to: plain.count, by: size) {
            try writer.write(Array(plain[start..<min(start + size, plain.count)]))
        }
        try writer.finish()
        return file
    }

    private static func opened(_ file: [UInt8], inParts size: Int = 1 << 20, _ key: Secret = passphrase) throws
        -> [UInt8]
    {
        var rest = file[...]
        let reader = try AgeReader(key) {
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
        var plain: [UInt8] = []
        while case let part = try reader.read(), !part.isEmpty { plain += part }
        return plain
    }

    @Test("a file of the program age 1.1.1 opens")
    func foreign() throws {
        let text = """
            YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBSdlh4bStMQkZmcDhGYStyVlVIMTF3IDE4CjgrZzhpdDVNQzY4dytlRHNzQ29JZFpnNEJR\
            RVZXWEUvUS9qQTFTOGM1Ym8KLS0tIHhLYk9GRThOWTdNM3hWVmpyRzg5dGQ5dWw3TU9mNGNKSk1sQU0reDVRdDQKEFdLBdJ1bPb03c1fTQe+zzeG\
            wpMZMHnzvMiE9PiutWOsjn3QUg2wYd/3mrZfusg=
            """
        let file = [UInt8](try #require(Data(base64Encoded: text)))
        #expect(AgeReader.recognizes(file))
        for size in [1, 7, 100, 1000] {
            #expect(String(decoding: try Self.opened(file, inParts: size), as: UTF8.self) == "hello from age\n")
        }
        #expect(throws: CryptographyError.self) { try Self.opened(file, Secret("another passphrase")) }
    }

    @Test(
        "what is written is read, whatever its length and in whatever parts",
        arguments: [0, 1, 65535, 65536, 65537, 200_000])
    func lengths(_ length: Int) throws {
        let plain = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let file = try Self.sealed(plain, inParts: 1000)
        #expect(try Self.opened(file, inParts: 333) == plain)
    }

    /// A file that was sealed by the rules of the format except for one.
    private static func odd(_ cost: String, _ chunks: [[UInt8]]) throws -> [UInt8] {
        let header = try AgeHeader(sealingWith: passphrase, cost: cost)
        let nonce = [UInt8](repeating: 1, count: 16)
        var sealing = AgeChunks(key: header.payloadKey(nonce))
        let last = chunks.indices.last
        return Array(header.text.utf8) + nonce
            + (try chunks.enumerated().flatMap { try sealing.seal($0.element, isLast: $0.offset == last) })
    }

    @Test("a file that nobody writes in this way is refused: an empty last chunk, or a cost with a sign")
    func strict() throws {
        let full = [UInt8](repeating: 7, count: 65536)
        #expect(try Self.opened(try Self.odd("17", [full, [1]])) == full + [1])
        #expect(try Self.opened(try Self.odd("17", [[]])) == [])
        #expect(throws: CryptographyError.self) { try Self.opened(try Self.odd("17", [full, []])) }
        for cost in ["+17", "017", " 17", "17 "] {
            #expect(throws: CryptographyError.self, "\(cost)") { try Self.opened(try Self.odd(cost, [[1]])) }
        }
    }

    @Test("a file that was cut anywhere or changed anywhere is refused")
    func damaged() throws {
        let plain = [UInt8](repeating: 7, count: 70_000)
        let file = try Self.sealed(plain)
        let chunk = 65536 + 16
        let start = file.count - 16 - (70_000 - 65536) - chunk
        for length in [0, 5, start - 1, start, start + 15, start + chunk, file.count - 1] {
            #expect(throws: CryptographyError.self, "\(length)") { try Self.opened(Array(file[..<length])) }
        }
        for place in [3, 40, 100, start - 1, start, start + chunk, file.count - 1] {
            var changed = file
            changed[place] ^= 0x20
            #expect(throws: CryptographyError.self, "\(place)") { try Self.opened(changed) }
        }
        #expect(throws: CryptographyError.self) { try Self.opened(file + [0]) }
    }
}
