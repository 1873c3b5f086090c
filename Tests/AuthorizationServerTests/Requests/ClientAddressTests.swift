// SPDX-License-Identifier: Apache-2.0

import Cryptography
import OutsideText
import Support
import Testing

@testable import ServerHTTP

@Suite("The address of a client behind proxies", .timeLimit(.minutes(10)))
struct ClientAddressTests {
    private let addresses = ClientAddress(
        trusted: ["10.0.0.0/8", "127.0.0.1", "fd00::/8"].compactMap { AddressRange($0) })

    private func find(_ headers: [(name: String, value: String)], from connection: String = "127.0.0.1") -> String {
        addresses.find(addresses.peer(connection), headers)
    }

    private func forwarded(_ value: String) -> String { find([("x-forwarded-for", value)]) }

    @Test(
        "is the same however a proxy writes it",
        arguments: [
            ("203.0.113.7", "203.0.113.7"), (" 203.0.113.7 ", "203.0.113.7"), ("\t203.0.113.7\t", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"), ("203.0.113.7,", "203.0.113.7"), ("\"203.0.113.7\"", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"), ("::FFFF:cb00:7107", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"), ("2001:db8::17", "2001:db8::17"),
            ("2001:0DB8:0:0:0:0:0:17", "2001:db8::17"), ("[2001:db8::17]", "2001:db8::17"),
            ("[2001:db8::17]:51234", "2001:db8::17"), ("\"[2001:db8::17]:51234\"", "2001:db8::17"),
            ("203.0.113.7:_port", "203.0.113.7"),
        ])
    func isOneAddress(_ written: String, _ address: String) {
        #expect(forwarded(written) == address)
        #expect(forwarded("9.9.9.9, \(written), 10.1.2.3") == address)
        #expect(find([("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", written)]) == address)
        if written.utf8.first != UInt8(ascii: "\"") {
            let node = written.raw.trimmed().up(to: ",").string
            #expect(find([("forwarded", "for=9.9.9.9, For=\"\(node)\";proto=https;by=10.0.0.1")]) == address)
        }
    }

    @Test(
        "is the nearest known hop if a proxy reports nothing or nonsense",
        arguments: [
            "unknown", "_hidden", "garbage", "203.0.113.7; DROP", "203.0.113.7:", "203.0.113.7:99999", "203.0.113",
            "[203.0.113.7", "203.0.113.7]", "203.0.113.7:1:2", "010.0.113.7", "203.0.113.7\u{0}", "203.0.113.7\u{301}",
            "\u{FF11}.2.3.4", "2001:db8::17%eth0", "fe80::\u{600}1", "",
        ])
    func isKnown(_ written: String) {
        #expect(forwarded("9.9.9.9, \(written), 10.1.2.3") == (written.isEmpty ? "9.9.9.9" : "10.1.2.3"))
        #expect(forwarded(written) == "127.0.0.1")
        #expect(find([("forwarded", "for=9.9.9.9, for=\"\(written)\"")]) == "127.0.0.1")
    }

    @Test("is not changed by anything the client writes before its proxy's entry", arguments: Hostile.marks)
    func isNotMoved(_ mark: String) {
        for left in ["6.6.6.6\(mark)", "\(mark)6.6.6.6", mark, "\"\(mark)", "for=\"\(mark)", "\\\"\(mark)"] {
            #expect(forwarded("\(left), 203.0.113.9") == "203.0.113.9")
            #expect(forwarded("\(left),203.0.113.9,\(mark.utf8.isEmpty ? "" : "10.0.0.1")") == "203.0.113.9")
            #expect(find([("forwarded", "\(left), for=203.0.113.9")]) == "203.0.113.9")
            #expect(find([("forwarded", left), ("forwarded", "for=\"203.0.113.9:80\";host=\"a,b\"")]) == "203.0.113.9")
        }
    }

    @Test("is not taken from what a proxy quotes of the request")
    func isNotQuoted() {
        let quoted = "for=203.0.113.9;host=\"a, for=6.6.6.6\";proto=http"
        #expect(find([("forwarded", quoted)]) == "203.0.113.9")
        #expect(find([("forwarded", "for=203.0.113.9;host=\"a\\\", for=6.6.6.6;b=\\\"\"")]) == "203.0.113.9")
        #expect(find([("forwarded", "for=203.0.113.9;for=6.6.6.6")]) == "127.0.0.1")
    }

    @Test("comes from the header field that proxies write, even if a client sends the other one")
    func prefersTheUsual() {
        #expect(find([("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "203.0.113.9")]) == "203.0.113.9")
    }

    @Test("is searched among the nearest 32 entries")
    func isBounded() {
        func entries(_ count: Int) -> String { (0..<count).map { "10.0.0.\($0 % 250)" }.joined(separator: ",") }
        #expect(forwarded("203.0.113.9,\(entries(31))") == "203.0.113.9")
        #expect(forwarded("203.0.113.9,\(entries(32))") == "10.0.0.0")
        #expect(forwarded("203.0.113.9,\(entries(1500))") == "10.0.0.\((1500 - 32) % 250)")
    }

    @Test("is that of the connection, for an IPv4 client as IPv4, if the peer is not trusted")
    func isThePeer() {
        let headers = [(name: "x-forwarded-for", value: "6.6.6.6"), (name: "forwarded", value: "for=6.6.6.6")]
        #expect(find(headers, from: "192.0.2.1") == "192.0.2.1")
        #expect(find(headers, from: "::ffff:192.0.2.1") == "192.0.2.1")
        #expect(find(headers, from: "::ffff:10.0.0.1") == "6.6.6.6")
        #expect(find([], from: "::ffff:10.0.0.1") == "10.0.0.1")
        let none = ClientAddress(trusted: [])
        #expect(none.find(none.peer("::ffff:127.0.0.1"), headers) == "127.0.0.1")
        #expect(none.find(none.peer("::1"), headers) == "::1")
    }

    @Test("counts as one for sign-in attempts and slow hashes, even if IPv4 is written as IPv6")
    func origin() {
        for written in ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:0201", "0:0:0:0:0:ffff:192.0.2.1"] {
            #expect(HashingPool.origin(of: written) == "192.0.2.1")
        }
        #expect(HashingPool.origin(of: "2001:db8::1") == HashingPool.origin(of: "2001:DB8:0:0:9::2"))
    }

    @Test("is in a range however the two are written")
    func ranges() throws {
        let range = try #require(AddressRange("::ffff:10.0.0.0/104"))
        #expect(range == AddressRange("10.0.0.0/8"))
        #expect(range.contains("::ffff:10.1.2.3") && range.contains("10.1.2.3") && !range.contains("11.0.0.1"))
        for wrong in ["10.0.0.0/40", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8\u{301}", "::ffff:10.0.0.0/64", "/8"] {
            #expect(AddressRange(wrong) == nil)
        }
    }
}
