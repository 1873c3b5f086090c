// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Testing

@Suite("Keys that the server generates", .timeLimit(.minutes(10)))
struct GeneratedKeyTests {
    @Test("the id of a key never begins with a hyphen, which would make it an option of a command")
    func idIsNoOption() throws {
        for _ in 0..<500 { #expect(try SigningKey.generate(.edDSA).id.utf8.first != UInt8(ascii: "-")) }
    }
}
