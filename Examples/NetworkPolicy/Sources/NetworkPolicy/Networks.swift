// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit

/// A list of networks, as a client's document has it.
struct Networks: SettingValue {
    static let expectation = "a network such as 10.0.0.0/8 or 2001:db8::/32, or a list of networks"
    /// Every network, and requests whose address is not known.
    static let everywhere = Networks(all: nil)

    private let all: [Network]?

    private init(all: [Network]?) {
        self.all = all
    }

    init?(setting: JSON) {
        guard let words = [String](setting: setting), !words.isEmpty else { return nil }
        let networks = words.compactMap(Network.init)
        guard networks.count == words.count else { return nil }
        all = networks
    }

    var setting: JSON { .strings(all?.map(\.text) ?? ["0.0.0.0/0", "::/0"]) }

    func contains(_ address: String) -> Bool {
        guard let all else { return true }
        guard let bytes = Network.bytes(of: address) else { return false }
        return all.contains { $0.contains(bytes) }
    }
}

/// The addresses that begin with the same bits (RFC 4632 section 3.1, RFC 4291 section 2.3).
struct Network {
    let text: String
    private let bytes: [UInt8]
    private let bits: Int

    /// Reads a network in CIDR notation, or a single address; nil if the string is neither.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Network.bytes(of: String(decoding: first, as: UTF8.self)) else {
            return nil
        }
        let whole = bytes.count * 8
        guard let bits = parts.count == 1 ? whole : Network.number(parts[1]), 0...whole ~= bits else { return nil }
        (self.text, self.bytes, self.bits) = (text, bytes, bits)
        // Bits beyond the network, as in 10.1.2.3/8, are more likely a mistake. Then it does not contain itself.
        guard contains(bytes) else { return nil }
    }

    /// The four or sixteen bytes of an address; those of an IPv4 address that is written as IPv6 are four.
    static func bytes(of address: String) -> [UInt8]? {
        // A NUL byte would end the string for the functions of the C library.
        guard !address.utf8.contains(0) else { return nil }
        var four: [UInt8] = [0, 0, 0, 0]
        // Safe: both buffers have the length of an address of their family.
        if unsafe inet_pton(AF_INET, address, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, address, &sixteen) == 1 else { return nil }
        let isMapped = sixteen.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
        return isMapped ? Array(sixteen.suffix(4)) : sixteen
    }

    func contains(_ other: [UInt8]) -> Bool {
        guard other.count == bytes.count else { return false }
        return bytes.indices.allSatisfy { other[$0] & mask(of: $0) == bytes[$0] }
    }

    /// The bits of a byte that belong to the network.
    private func mask(of place: Int) -> UInt8 {
        let kept = min(8, max(0, bits - place * 8))
        return UInt8(truncatingIfNeeded: 0xFF00 >> kept)
    }

    private static func number(_ digits: Substring.UTF8View) -> Int? {
        1...3 ~= digits.count && digits.allSatisfy { 0x30...0x39 ~= $0 } ? Int(Substring(digits)) : nil
    }
}
