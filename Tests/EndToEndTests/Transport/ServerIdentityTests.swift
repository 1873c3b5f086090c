// SPDX-License-Identifier: Apache-2.0

import Support
import Testing

@testable import ServerHTTP

@Suite("A certificate must contain the host of the URL", .timeLimit(.minutes(10)))
struct ServerIdentityTests {
    @Test(
        "a name is compared without case, and a wildcard is for one whole label", .clause("RFC 9525 section 6.3"),
        arguments: [
            ("keys.example.com", "keys.example.com", true), ("keys.example.com", "KEYS.Example.com", true),
            ("keys.example.com", "*.example.com", true), ("keys.example.com", "*.EXAMPLE.com", true),
            ("a_b.example.com", "*.example.com", true), ("xn--a.example.com", "*.example.com", true),
            ("example.com", "*.example.com", false), ("a.keys.example.com", "*.example.com", false),
            ("keys.example.com", "*", false), ("keys.example.com", "*.", false),
            ("keys.example.com", "k*.example.com", false),
            ("keys.example.com", "*s.example.com", false), ("keys.example.com", "keys.*.com", false),
            ("keys.example.com", "*.*.com", false), ("keys.example.com", "**.example.com", false),
            ("keys.example.com", "keys.example.com\u{0}", false), ("keys.example.com", "", false),
            ("keys.example.com", "example.com", false), ("keys.example.com", "evil-keys.example.com", false),
            ("keys.example.com", ".example.com", false), ("localhost", "localhost", true),
            ("10.0.0.1", "10.0.0.1", false), ("10.0.0.1", "*.0.0.1", false),
        ])
    func names(_ host: String, _ pattern: String, _ isRight: Bool) {
        #expect(ServerIdentity(host).isCovered(byName: Array(pattern.utf8)) == isRight)
    }

    @Test(
        "an address is compared as bytes, in whatever notation the URL has it", .clause("RFC 9525 section 6.4"),
        arguments: [
            ("10.0.0.1", [10, 0, 0, 1], true), ("0x0a000001", [10, 0, 0, 1], true), ("10.1", [10, 0, 0, 1], true),
            ("::ffff:10.0.0.1", [10, 0, 0, 1], true), ("10.0.0.1", [10, 0, 0, 2], false),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true), ("::1", [0, 0, 0, 1], false),
            ("10.0.0.1", [], false), ("10.0.0.1", [10, 0, 0, 1, 0], false), ("keys.example.com", [10, 0, 0, 1], false),
        ] as [(String, [UInt8], Bool)])
    func addresses(_ host: String, _ bytes: [UInt8], _ isRight: Bool) {
        #expect(ServerIdentity(host).isCovered(byAddress: bytes) == isRight)
    }

    @Test("an address is not sent as the name of the server", .clause("RFC 6066 section 3"))
    func serverNames() {
        #expect(ServerIdentity("keys.example.com").serverName == "keys.example.com")
        for host in ["10.0.0.1", "0x7f000001", "127.1", "::1"] { #expect(ServerIdentity(host).serverName == nil) }
    }
}
