// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Hosts to which requests go without the proxy.
public enum OutboundException: Sendable, Hashable {
    /// One host.
    case host(String)
    /// All hosts below a domain, which is kept with the dot before it.
    case domain(String)
    /// The hosts that are written as an address of a network; names are not resolved for it.
    case network(AddressRange)

    /// Parses an exception, such as `id.example.com`, `.example.com` or `10.0.0.0/8`; nil if the string is none.
    public init?(_ text: String) {
        if let range = AddressRange(text) {
            self = .network(range)
            return
        }
        let name = text.raw.lowercased()
        let isDomain = name.raw.starts(with: ".")
        guard OutboundException.isName(isDomain ? name.raw.dropFirst() : name.raw),
            // An address in an unusual notation would be taken for a name, and cover nothing.
            SystemNames.numeric(name) == nil
        else { return nil }
        self = isDomain ? .domain(name) : .host(name)
    }

    /// Whether a host is covered.
    ///
    /// - Parameters:
    ///   - host: The host in lower case, without brackets.
    ///   - addresses: The addresses that the host itself writes; nil if it is a name.
    /// - Returns: Whether it is.
    func covers(_ host: String, _ addresses: [String]?) -> Bool {
        switch self {
        case .host(let name): addresses == nil && host.raw == name.raw
        case .domain(let domain): addresses == nil && host.raw.ends(with: domain)
        case .network(let range): addresses.map { !$0.isEmpty && $0.allSatisfy(range.contains) } ?? false
        }
    }

    /// Whether a string is a host name that cannot be mistaken for an address.
    private static func isName(_ text: RawText) -> Bool {
        let labels = text.split(at: ".", keepingEmpty: true)
        guard text.count <= 253, let last = labels.last, !last.bytes.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return false
        }
        return labels.allSatisfy { label in !label.isEmpty && label.bytes.allSatisfy(isAllowed) }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7A ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
