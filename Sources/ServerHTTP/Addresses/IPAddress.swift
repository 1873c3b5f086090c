// SPDX-License-Identifier: Apache-2.0

import Glibc
import OutsideText

/// An IP address; an IPv4 address is the same one where it is written as an IPv6 address (RFC 4291 section 2.5.5.2).
struct IPAddress: Sendable, Hashable {
    /// Four bytes or sixteen.
    let bytes: [UInt8]

    /// The longest way to write one.
    private static let longest = 45

    /// Reads an address by itself, or gives nil if the text is none.
    init?(_ text: RawText) {
        // The buffers have the lengths of the two families.
        // What reads it ends at a NUL byte.
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

    /// Reads an address as proxies write it: by itself, in brackets, or with a port (RFC 7239 section 6).
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

    /// A colon, and a number or a made-up name.
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

    /// The address in its one form (RFC 5952).
    var text: String {
        // The buffer holds the longest address.
        var text = [CChar](repeating: 0, count: IPAddress.longest + 1)
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
