// SPDX-License-Identifier: Apache-2.0

import Support
import Testing

@testable import ServerHTTP

@Suite("RFC 9110 section 5: header fields", .timeLimit(.minutes(10)))
struct HeaderFieldTests {
    private static let ascii = UInt8(0)...127

    private func text(_ byte: UInt8) -> String { String(decoding: [byte], as: UTF8.self) }

    @Test("no value that is sent begins another field or ends the head", .clause("RFC 9110 section 5.5"))
    func values() {
        for byte in HeaderFieldTests.ascii {
            let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
            let sent = HeaderField.sendable("a" + text(byte) + "b")
            #expect(Array(sent.utf8) == [0x61, isControl ? 0x20 : byte, 0x62], "\(byte)")
        }
        #expect(HeaderField.sendable("a\r\nset-cookie: b=c") == "a  set-cookie: b=c")
        #expect(HeaderField.sendable("ä\u{85}") == "ä\u{85}")
    }

    @Test("only tokens are sent as names", .clause("RFC 9110 section 5.6.2"))
    func names() {
        let tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8
        for byte in HeaderFieldTests.ascii {
            #expect(HeaderField.isName("a" + text(byte)) == tokens.contains(byte), "\(byte)")
        }
        #expect(!HeaderField.isName("") && !HeaderField.isName("ä"))
    }

    @Test("names are read in lower case, and values without what surrounds them")
    func reading() {
        #expect(HeaderField.lowercased("X-Forwarded-For") == "x-forwarded-for")
        #expect(HeaderField.lowercased("x-a") == "x-a")
        #expect(HeaderField.trimmed(" a\t") == "a" && HeaderField.trimmed("a b") == "a b")
        #expect(HeaderField.trimmed("") == "" && HeaderField.trimmed(" ") == "")
    }

    @Test("a number is digits only, and may be larger than any that the server counts with")
    func numbers() {
        let values: [(String, Int?)] = [
            ("0", 0), ("0012", 12), ("9223372036854775807", .max), ("9223372036854775808", .max),
            (String(repeating: "9", count: 1000), .max), ("", nil), ("-1", nil), ("+1", nil), ("1, 1", nil),
            (" 1", nil),
            ("0x1", nil), ("\u{661}", nil),
        ]
        for (value, number) in values { #expect(HeaderField.number(value) == number, "\(value)") }
    }
}
