// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Checks and writes the host that the server listens on.
public enum HostName {
    /// Whether a string is a host name or an IP address; brackets around an IPv6 address are only used in URLs.
    static func isHost(_ text: String) -> Bool {
        let host = Array(text.utf8)
        guard (1...253).contains(host.count) else { return false }
        if host.contains(UInt8(ascii: ":")) { return isIPv6(host) }
        return host.allSatisfy { byte in
            0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || [0x2D, 0x2E, 0x5F].contains(byte)
        }
    }

    /// Whether a string is an IPv6 address, with or without the zone of a link-local one (RFC 4007 section 11).
    private static func isIPv6(_ host: [UInt8]) -> Bool {
        // Safe: the system only writes to the structure during the call.
        let parts = host.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        var address = in6_addr()
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { 0x21...0x7E ~= $0 } }) else { return false }
        return unsafe inet_pton(AF_INET6, String(decoding: parts[0], as: UTF8.self), &address) == 1
    }

    /// The host as written in a URL (RFC 3986 section 3.2.2).
    public static func inAddress(_ host: String) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    }
}
