// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rule for registered addresses.
///
/// It is the one that the core has for redirect URIs, which it applies to an address when a page leads there: what is
/// accepted here and not there would be a page that cannot be shown.
enum WebAddress {
    /// Whether an address has a scheme that leads somewhere, and nothing that a header or a page could not hold.
    static func isAbsolute(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= 2048, bytes.allSatisfy(isAllowed), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let scheme = scheme(bytes[..<colon])
        else { return false }
        let rest = bytes[(colon + 1)...]
        // RFC 8252 section 7.1: a domain in reverse, which nothing that a browser runs or reads is.
        guard scheme == "https" || scheme == "http" else {
            return scheme.utf8.contains(UInt8(ascii: ".")) && !rest.isEmpty
        }
        guard rest.starts(with: "//".utf8) else { return false }
        let body = rest.dropFirst(2)
        let authority = body.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        return isAuthority(authority) && !hasDots(body.dropFirst(authority.count))
    }

    /// Whether an address is https, or http on this machine.
    static func isSafe(_ text: String) -> Bool {
        guard isAbsolute(text) else { return false }
        let bytes = Array(text.utf8)
        if bytes.starts(with: "https://".utf8) { return true }
        guard bytes.starts(with: "http://".utf8) else { return false }
        let authority = bytes.dropFirst(7).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        return ["127.0.0.1", "[::1]", "localhost"].contains(String(decoding: split(authority).host, as: UTF8.self))
    }

    /// RFC 3986 section 3.1, in lower case.
    private static func scheme(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let first = bytes.first, isLetter(first),
            bytes.allSatisfy({ isLetterOrDigit($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E })
        else { return nil }
        return String(decoding: bytes.map(lower), as: UTF8.self)
    }

    // MARK: host, port and path

    private static func isAuthority(_ authority: ArraySlice<UInt8>) -> Bool {
        let (host, digits) = split(authority)
        guard isHost(host) else { return false }
        guard let digits else { return true }
        let text = String(decoding: digits, as: UTF8.self)
        return UInt16(text).map { $0 > 0 && String($0) == text } ?? false
    }

    private static func split(_ authority: ArraySlice<UInt8>) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?) {
        let start = authority.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        guard let colon = authority[start...].lastIndex(of: UInt8(ascii: ":")) else { return (authority, nil) }
        return (authority[..<colon], authority[(colon + 1)...])
    }

    /// A name of letters, digits, underscores and, not at its ends, dots and hyphens; or an IPv6 address in brackets.
    private static func isHost(_ name: ArraySlice<UInt8>) -> Bool {
        if name.first == UInt8(ascii: "["), name.last == UInt8(ascii: "]") {
            let address = name.dropFirst().dropLast()
            return !address.isEmpty && address.allSatisfy { isHexadecimal($0) || $0 == 0x2E || $0 == 0x3A }
        }
        guard let first = name.first, let last = name.last, isWord(first), isWord(last) else { return false }
        return name.allSatisfy { isWord($0) || $0 == 0x2E || $0 == 0x2D }
    }

    /// What a browser would resolve to another path than the one that was compared.
    private static func hasDots(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.prefix { $0 != UInt8(ascii: "?") }.split(separator: UInt8(ascii: "/")).contains { segment in
            let plain = decoded(segment)
            return plain == "." || plain == ".."
        }
    }

    // MARK: the query

    /// The names of the parameters in an address's query, decoded.
    static func parameters(of text: String) -> [String] {
        let bytes = Array(text.utf8)
        guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let isSeparator: (UInt8) -> Bool = { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }
        return bytes[(mark + 1)...].split(whereSeparator: isSeparator).map { part in
            decoded(part.prefix { $0 != UInt8(ascii: "=") })
        }
    }

    /// An address with more parameters in its query; those that it was registered with stay.
    static func adding(_ parameters: [(name: String, value: String)], to address: String) -> String {
        let encoded = parameters.map { "\($0.name)=\(encode($0.value))" }.joined(separator: "&")
        guard !encoded.isEmpty else { return address }
        return address + (address.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + encoded
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var (result, rest) = ([UInt8](), bytes)
        while let byte = rest.first {
            let digits = byte == UInt8(ascii: "%") ? rest.dropFirst().prefix(2) : []
            if digits.count == 2, let escaped = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
                result.append(escaped)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let kept = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return String(
            decoding: text.utf8.flatMap { byte in
                kept.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }, as: UTF8.self)
    }

    // MARK: bytes

    /// RFC 3986 section 2, without the number sign.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x23, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D: false
        default: 0x21...0x7E ~= byte
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= lower(byte) }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || 0x30...0x39 ~= byte }
    private static func isWord(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == 0x5F }
    private static func isHexadecimal(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte || 0x61...0x66 ~= lower(byte) }
    private static func lower(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
