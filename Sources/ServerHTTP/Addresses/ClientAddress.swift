// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Finds the client's address behind trusted proxies.
struct ClientAddress: Sendable {
    /// The maximum number of forwarded addresses that are examined, from the nearest.
    static let most = 32

    let trusted: [AddressRange]

    /// The other end of a connection, which is the same for all of its requests.
    struct Peer: Sendable {
        /// The address.
        let text: String
        /// Whether it is a trusted proxy.
        let isProxy: Bool
    }

    /// The other end of a connection.
    func peer(_ connection: String) -> Peer {
        let isMapped = connection.utf8.starts(with: "::".utf8)
        guard !trusted.isEmpty || isMapped, let address = IPAddress(connection.raw) else {
            return Peer(text: connection, isProxy: false)
        }
        return Peer(text: isMapped ? address.text : connection, isProxy: isTrusted(address))
    }

    /// The nearest address that is not a trusted proxy's: that of the connection, or a forwarded one from the right.
    ///
    /// Addresses further left cannot be trusted, since the sender of the request may have written them.
    func find(_ peer: Peer, _ headers: [(name: String, value: String)]) -> String {
        peer.isProxy ? forwarded(headers)?.text ?? peer.text : peer.text
    }

    /// The nearest forwarded address that is not a trusted proxy's, or the last trusted one before an invalid address.
    private func forwarded(_ headers: [(name: String, value: String)]) -> IPAddress? {
        var nearest: IPAddress?
        for node in ClientAddress.nodes(headers) {
            guard let address = IPAddress(node: node) else { return nearest }
            guard isTrusted(address) else { return address }
            nearest = address
        }
        return nearest
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    /// The forwarded addresses, nearest first.
    ///
    /// A proxy that writes one of the two header fields passes the other one on unchanged, and nearly all proxies write
    /// `X-Forwarded-For`.
    private static func nodes(_ headers: [(name: String, value: String)]) -> [RawText] {
        let usual = elements("x-forwarded-for", headers)
        if !usual.isEmpty { return usual.map(unquoted) }
        return elements("forwarded", headers).map { node(of: $0) ?? "" }
    }

    /// The elements of a list header field, from its end and up to the maximum number.
    private static func elements(_ name: String, _ headers: [(name: String, value: String)]) -> [RawText] {
        var found: [RawText] = []
        for header in headers.reversed() where header.name == name {
            var rest = header.value.raw
            while found.count < most, let (before, element) = lastElement(of: rest, at: UInt8(ascii: ",")) {
                if !element.isEmpty { found.append(element) }
                guard let before else { break }
                rest = before
            }
        }
        return found
    }

    /// The last element of a list, and the list before its separator.
    ///
    /// Parsed from the end, since only the end was written by a trusted proxy: a quotation mark opened by a client must
    /// not swallow what the proxy added.
    private static func lastElement(of list: RawText, at separator: UInt8) -> (before: RawText?, element: RawText)? {
        guard !list.isEmpty else { return nil }
        let bytes = list.bytes
        var (place, isQuoted) = (bytes.endIndex, false)
        while place > bytes.startIndex {
            let next = place
            place = bytes.index(before: place)
            switch bytes[place] {
            case UInt8(ascii: "\"") where !isEscaped(place, bytes): isQuoted.toggle()
            case separator where !isQuoted: return (RawText(bytes[..<place]), RawText(bytes[next...]).trimmed())
            default: break
            }
        }
        return (nil, list.trimmed())
    }

    /// Whether an odd number of backslashes precedes a place (RFC 9110 section 5.6.4).
    private static func isEscaped(_ place: String.Index, _ bytes: Substring.UTF8View) -> Bool {
        !bytes[..<place].reversed().prefix { $0 == UInt8(ascii: "\\") }.count.isMultiple(of: 2)
    }

    /// The value of `for` in an element (RFC 7239 section 4); nil unless there is exactly one.
    private static func node(of element: RawText) -> RawText? {
        var found: [RawText] = []
        var rest: RawText? = element
        while let list = rest, let (before, pair) = lastElement(of: list, at: UInt8(ascii: ";")) {
            if let (name, value) = pair.cut(at: "="), name.isWord("for") { found.append(unquoted(value)) }
            rest = before
        }
        return found.count == 1 ? found.first : nil
    }

    /// A value without its quotation marks; escapes are left as they are, since an address contains none.
    private static func unquoted(_ value: RawText) -> RawText {
        guard value.count >= 2, value.starts(with: "\""), value.ends(with: "\"") else { return value }
        return value.dropFirst().dropLast()
    }
}
