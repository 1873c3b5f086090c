// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The host of an address that the server listens on.
public enum HostName {
    /// The host without the brackets that an IPv6 address has in a URI, or nil if it is neither a name nor an address.
    static func read(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        let isBracketed = bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
        let host = isBracketed ? Array(bytes.dropFirst().dropLast()) : bytes
        guard (1...253).contains(host.count) else { return nil }
        let name = String(decoding: host, as: UTF8.self)
        if host.contains(UInt8(ascii: ":")) || isBracketed { return isIPv6(host) ? name : nil }
        let isName = host.allSatisfy { byte in
            0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        return isName ? name : nil
    }

    /// An address, perhaps with the interface that a link-local one needs (RFC 4007 section 11).
    private static func isIPv6(_ host: [UInt8]) -> Bool {
        let parts = host.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        var address = in6_addr()
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { 0x21...0x7E ~= $0 } }) else { return false }
        return inet_pton(AF_INET6, String(decoding: parts[0], as: UTF8.self), &address) == 1
    }

    /// The host as it stands in an address (RFC 3986 section 3.2.2).
    public static func inAddress(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) && host.utf8.first != UInt8(ascii: "[") ? "[\(host)]" : host
    }
}
