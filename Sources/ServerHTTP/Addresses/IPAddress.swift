// SPDX-License-Identifier: Apache-2.0

import Glibc
import OutsideText

/// An IP address; an IPv4 address written as an IPv6 address equals the IPv4 address (RFC 4291 section 2.5.5.2).
struct IPAddress: Sendable, Hashable {
    /// The four or sixteen bytes of the address.
    let bytes: [UInt8]

    /// The maximum length of an address in characters.
    private static let longest = 45

    /// Parses a bare address; nil if the text is not one.
    init?(_ text: RawText) {
        // Safe: the buffers have the lengths of the two address families. The check of the characters matters too,
        // since 'inet_pton' stops at a NUL byte.
        guard 2...IPAddress.longest ~= text.count, text.bytes.allSatisfy(IPAddress.isAllowed) else { return nil }
        let string = text.string
        var four: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        if unsafe inet_pton(AF_INET, string, &four) == 1 {
            bytes = [four.0, four.1, four.2, four.3]
            return
        }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, string, &sixteen) == 1 else { return nil }
        let isMapped = sixteen.prefix(10).allSatisfy { $0 == 0 } && sixteen[10] == 0xFF && sixteen[11] == 0xFF
        bytes = isMapped ? Array(sixteen.suffix(4)) : sixteen
    }

    /// Parses an address as proxies write it: bare, in brackets or with a port (RFC 7239 section 6).
    init?(node text: RawText) {
        if let address = IPAddress(text) {
            self = address
        } else if text.starts(with: "[") {
            guard let (address, rest) = text.dropFirst().cut(at: "]"), rest.isEmpty || IPAddress.isPort(rest) else {
                return nil
            }
            self.init(address)
        } else {
            guard let colon = text.bytes.firstIndex(of: UInt8(ascii: ":")),
                IPAddress.isPort(RawText(text.bytes[colon...]))
            else { return nil }
            self.init(RawText(text.bytes[..<colon]))
        }
    }

    /// Whether a string is a colon and a port number or an obfuscated port.
    private static func isPort(_ text: RawText) -> Bool {
        guard text.starts(with: ":"), 2...64 ~= text.count else { return false }
        return UInt16(text.dropFirst().string) != nil || text.starts(with: ":_")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The address in canonical form (RFC 5952).
    var text: String {
        // Safe: the buffer is long enough for any address.
        var text = [CChar](repeating: 0, count: IPAddress.longest + 1)
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
