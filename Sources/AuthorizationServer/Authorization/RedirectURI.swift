// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A redirect URI that is whole and harmless (RFC 6749 section 3.1.2).
struct RedirectURI: Sendable, Hashable {
    /// The URI, byte for byte.
    let text: String
    /// Scheme, host and port of a web address; of any other scheme the scheme alone: what a policy can name.
    let origin: String
    /// The host of a web address.
    let host: String?
    /// Whether it is https, so that nobody but the owner of the host receives what is sent there.
    let isSecure: Bool
    /// A web address on this machine by its number: the one kind whose port may differ (RFC 8252 section 7.3).
    private let isLoopback: Bool
    private let withoutPort: String

    /// The length of one that was registered, once parameters were added to it.
    static let longestWithMore = 32 * 1024

    /// Reads a URI.
    ///
    /// - Parameters:
    ///   - text: The URI.
    ///   - longest: How many bytes it may have; more than the usual where parameters were added to one that is registered.
    /// - Throws: `OAuthError`-free: a `Problem` that says what is wrong with it.
    init(_ text: String, longest: Int = 2048) throws(Problem) {
        guard !text.isEmpty, text.utf8.count <= longest, text.utf8.allSatisfy(RedirectURI.isAllowed) else {
            throw Problem("it must be 1 to \(longest) characters of RFC 3986, without a fragment")
        }
        guard let (written, rest) = text.raw.cut(at: ":"), RedirectURI.isScheme(written) else {
            throw Problem("it must be absolute, such as https://app.example.com/callback")
        }
        let scheme = written.lowercased()
        self.text = text
        guard scheme == "https" || scheme == "http" else {
            // RFC 8252 section 7.1: a domain in reverse, which nothing that a browser runs or reads is.
            guard scheme.raw.contains(".") else {
                throw Problem("the scheme '\(scheme)' is not allowed; an application's own is like com.example.app")
            }
            guard !rest.isEmpty else { throw Problem("nothing stands behind its scheme") }
            (origin, host, isSecure, isLoopback, withoutPort) = ("\(scheme):", nil, false, false, text)
            return
        }
        let authority = try Authority(rest)
        host = authority.host
        origin = "\(scheme)://\(authority.host)\(authority.port.map { ":\($0)" } ?? "")"
        isSecure = scheme == "https"
        isLoopback = scheme == "http" && (authority.host == "127.0.0.1" || authority.host == "[::1]")
        withoutPort = "\(written.string)://\(authority.name.string)\(authority.rest.string)"
    }

    /// What is wrong with a URI.
    struct Problem: Error {
        let message: String

        init(_ message: String) {
            self.message = message
        }
    }

    /// Host, port and what comes after them.
    private struct Authority {
        let host: String
        /// The host as it was written.
        let name: RawText
        let port: UInt16?
        let rest: RawText

        init(_ text: RawText) throws(Problem) {
            guard text.starts(with: "//") else { throw Problem("'//' and a host must follow the scheme") }
            let body = text.dropFirst(2).bytes
            let end = body.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? body.endIndex
            rest = RawText(body[end...])
            let (name, digits) = Authority.split(RawText(body[..<end]))
            self.name = name
            guard Authority.isHost(name) else {
                throw Problem("its host must be a name or an address, without user name or password")
            }
            guard !Authority.hasDots(rest) else { throw Problem("its path must not hold '.' or '..' segments") }
            host = name.lowercased()
            guard let digits else {
                port = nil
                return
            }
            guard let number = UInt16(digits.string), number > 0, String(number).raw == digits else {
                throw Problem("its port must be a number from 1 to 65535")
            }
            port = number
        }

        private static func split(_ authority: RawText) -> (RawText, RawText?) {
            guard let (name, port) = authority.cut(atLast: ":"), !port.contains("]") else { return (authority, nil) }
            return (name, port)
        }

        /// A name of letters, digits, underscores and, not at its ends, dots and hyphens; or an IPv6 address in brackets.
        private static func isHost(_ name: RawText) -> Bool {
            let bytes = name.bytes
            if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
                let address = bytes.dropFirst().dropLast()
                return !address.isEmpty && address.allSatisfy { isHexadecimal($0) || $0 == 0x2E || $0 == 0x3A }
            }
            guard let first = bytes.first, let last = bytes.last, isWord(first), isWord(last) else { return false }
            return bytes.allSatisfy { isWord($0) || $0 == 0x2E || $0 == 0x2D }
        }

        private static func isWord(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == 0x5F }

        private static func isHexadecimal(_ byte: UInt8) -> Bool {
            0x30...0x39 ~= byte || 0x41...0x46 ~= byte & 0xDF
        }

        /// What a browser would resolve to another path than the one that was compared.
        private static func hasDots(_ rest: RawText) -> Bool {
            rest.up(to: "?").lowercased().raw.split(at: "/").contains { segment in
                [".", "%2e", "..", ".%2e", "%2e.", "%2e%2e"].contains(segment)
            }
        }
    }

    /// RFC 3986 section 3.1.
    private static func isScheme(_ text: RawText) -> Bool {
        guard let first = text.bytes.first, 0x41...0x5A ~= first & 0xDF else { return false }
        return text.bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte & 0xDF
    }

    /// RFC 3986 section 2, without the number sign.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x23, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D: false
        default: 0x21...0x7E ~= byte
        }
    }

    /// Whether a requested URI is this registered one: byte for byte, but for the port of a loopback address.
    func accepts(_ requested: RedirectURI) -> Bool {
        if text.utf8.elementsEqual(requested.text.utf8) { return true }
        return isLoopback && requested.isLoopback && withoutPort.utf8.elementsEqual(requested.withoutPort.utf8)
    }
}

extension RedirectURI {
    /// What a content security policy calls it, never more than this one origin; nil where a policy has no name for it:
    /// an IPv6 address (CSP 3 section 2.3.1), and what is no web address.
    var policySource: String? {
        host.flatMap { $0.utf8.first == UInt8(ascii: "[") ? nil : origin }
    }

    /// Whether it is scheme, host and port alone (RFC 6454 section 6.2).
    var isOrigin: Bool { host != nil && text.raw.lowercased() == origin }

    /// Whether whoever receives the answer there can only be the client (RFC 8252 section 8.6).
    func identifies(isPublic: Bool) -> Bool { !isPublic || isSecure }

    /// The URI with parameters in its query or fragment.
    func adding(_ parameters: [(name: String, value: String)], asFragment: Bool) -> String {
        let encoded = parameters.map { "\(URLEncoding.encode($0.name))=\(URLEncoding.encode($0.value))" }
            .joined(separator: "&")
        if asFragment { return "\(text)#\(encoded)" }
        guard let query = text.raw.cut(at: "?")?.behind else { return "\(text)?\(encoded)" }
        let joint = query.isEmpty || query.ends(with: "&") ? "" : "&"
        return "\(text)\(joint)\(encoded)"
    }
}
