// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// A range of IP addresses, such as `10.0.0.0/8`, or a single address.
public struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Parses a range; nil if the string is not one.
    public init?(_ text: String) {
        let parts = text.raw.cut(at: "/")
        guard let address = IPAddress(parts?.before ?? text.raw) else { return nil }
        let whole = address.bytes.count * 8
        guard let bits = parts.map({ AddressRange.number($0.behind) }) ?? whole else { return nil }
        // If an IPv4 address was written as an IPv6 address, the prefix length may be that of the IPv6 address.
        let kept = whole == 32 && bits > 32 && text.raw.contains(":") ? bits - 96 : bits
        guard (0...whole).contains(kept) else { return nil }
        (self.bytes, self.bits) = (address.bytes, kept)
    }

    private static func number(_ text: RawText) -> Int? {
        text.bytes.allSatisfy { 0x30...0x39 ~= $0 } ? Int(text.string) : nil
    }

    /// Whether an address is in the range.
    public func contains(_ address: String) -> Bool {
        IPAddress(address.raw).map(contains) ?? false
    }

    func contains(_ address: IPAddress) -> Bool {
        let other = address.bytes
        guard other.count == bytes.count else { return false }
        let whole = bits / 8
        guard other.prefix(whole) == bytes.prefix(whole) else { return false }
        guard bits % 8 != 0 else { return true }
        return (other[whole] ^ bytes[whole]) >> (8 - bits % 8) == 0
    }
}
