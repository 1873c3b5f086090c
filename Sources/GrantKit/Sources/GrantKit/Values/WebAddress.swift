// SPDX-License-Identifier: Apache-2.0

/// An absolute address that is whole and harmless: of the web, or of an application's own scheme (RFC 3986 section 4.3).
///
/// Redirect URIs, the addresses of a logout, origins, the issuer and what the server asks other servers for are such
/// addresses, all by one rule: what a header, a page or a browser would understand differently is refused.
public struct WebAddress: Sendable, Hashable {
    /// The address, byte for byte as it was written.
    public let text: String
    /// The scheme in lower case.
    public let scheme: String
    /// The host of a web address in lower case, an IPv6 address in brackets; nil of an application's own scheme.
    public let host: String?
    /// The port, if a web address names one.
    public let port: UInt16?
    /// What follows host and port as it was written; of an application's own scheme what follows the scheme.
    public let rest: String
    /// Scheme, host and port of a web address in lower case; of an application's own scheme the scheme and a colon: what a
    /// policy can name.
    public let origin: String
    /// The address as it was written, but for its port.
    public let withoutPort: String

    /// Reads an address.
    ///
    /// - Parameters:
    ///   - text: The address.
    ///   - longest: How many bytes it may have; more than the usual where parameters were added to one that is registered.
    /// - Throws: `WebAddressError`.
    public init(_ text: String, longest: Int = 2048) throws {
        guard !text.isEmpty, text.utf8.count <= longest, text.utf8.allSatisfy(WebAddress.isAllowed) else {
            throw WebAddressError("it must be 1 to \(longest) characters of RFC 3986, without a fragment")
        }
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, WebAddress.isScheme(parts[0]) else {
            throw WebAddressError("it must be absolute, such as https://app.example.com/callback")
        }
        self.text = text
        scheme = WebAddress.lowercased(parts[0])
        guard scheme == "https" || scheme == "http" else {
            // RFC 8252 section 7.1: a domain in reverse, which nothing that a browser runs or reads is.
            guard scheme.utf8.contains(UInt8(ascii: ".")) else {
                throw WebAddressError(
                    "the scheme '\(scheme)' is not allowed; an application's own is like com.example.app")
            }
            guard !parts[1].isEmpty else { throw WebAddressError("nothing follows its scheme") }
            (host, port, rest) = (nil, nil, String(Substring(parts[1])))
            (origin, withoutPort) = ("\(scheme):", text)
            return
        }
        let authority = try Authority(parts[1])
        let lowercased = WebAddress.lowercased(authority.host)
        (host, port, rest) = (lowercased, authority.port, String(Substring(authority.rest)))
        origin = "\(scheme)://\(lowercased)\(authority.port.map { ":\($0)" } ?? "")"
        withoutPort = "\(Substring(parts[0]))://\(Substring(authority.host))\(Substring(authority.rest))"
    }

    /// Whether it is https, so that nobody but the owner of the host receives what is sent there.
    public var isSecure: Bool { scheme == "https" }

    /// Whether only this machine can receive what is sent there.
    public var isOnThisMachine: Bool { host == "localhost" || host == "127.0.0.1" || host == "[::1]" }

    /// Whether it is scheme, host and port alone (RFC 6454 section 6.2).
    public var isOrigin: Bool { host != nil && rest.isEmpty }

    /// The names of the parameters in its query, decoded; servers separate them by `&`, and some by `;`.
    public var parameters: [String] {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let query = text.utf8[mark...].dropFirst()
        return query.split(whereSeparator: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }).map { part in
            String(percentDecoding: part.prefix { $0 != UInt8(ascii: "=") })
        }
    }

    /// The address with parameters in its query or fragment, behind those that it has.
    ///
    /// - Parameters:
    ///   - parameters: Names and values, not encoded yet.
    ///   - asFragment: Whether they become the fragment and not part of the query.
    /// - Returns: The address.
    public func adding(_ parameters: [(name: String, value: String)], asFragment: Bool = false) -> String {
        guard !parameters.isEmpty else { return text }
        let encoded = parameters.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
        if asFragment { return "\(text)#\(encoded)" }
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "\(text)?\(encoded)" }
        // Within a query a question mark is a character like others.
        let query = text.utf8[mark...].dropFirst()
        let isOpen = query.isEmpty || query.last == UInt8(ascii: "&")
        return "\(text)\(isOpen ? "" : "&")\(encoded)"
    }
}

extension WebAddress {
    /// Host, port and what comes after them.
    private struct Authority {
        /// The host as it was written.
        let host: Substring.UTF8View
        let port: UInt16?
        let rest: Substring.UTF8View

        init(_ text: Substring.UTF8View) throws {
            guard text.starts(with: "//".utf8) else {
                throw WebAddressError("'//' and a host must follow the scheme")
            }
            let body = text.dropFirst(2)
            let authority = body.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            rest = body[authority.endIndex...]
            let digits: Substring.UTF8View?
            (host, digits) = Authority.split(authority)
            guard Authority.isHost(host) else {
                throw WebAddressError("its host must be a name or an address, without user name or password")
            }
            guard !Authority.hasDots(rest) else {
                throw WebAddressError("its path must not hold '.' or '..' segments")
            }
            port = try digits.map(Authority.port)
        }

        private static func split(_ authority: Substring.UTF8View) -> (Substring.UTF8View, Substring.UTF8View?) {
            guard let colon = authority.lastIndex(of: UInt8(ascii: ":")) else { return (authority, nil) }
            let port = authority[colon...].dropFirst()
            return port.contains(UInt8(ascii: "]")) ? (authority, nil) : (authority[..<colon], port)
        }

        private static func port(_ digits: Substring.UTF8View) throws -> UInt16 {
            guard let number = UInt16(Substring(digits)), number > 0, "\(number)".utf8.elementsEqual(digits) else {
                throw WebAddressError("its port must be a number from 1 to 65535")
            }
            return number
        }

        /// A name of letters, digits, underscores and, not at its ends, dots and hyphens; or an IPv6 address in brackets.
        private static func isHost(_ name: Substring.UTF8View) -> Bool {
            if name.first == UInt8(ascii: "["), name.last == UInt8(ascii: "]") {
                let address = name.dropFirst().dropLast()
                return !address.isEmpty && address.allSatisfy { isHexadecimal($0) || $0 == 0x2E || $0 == 0x3A }
            }
            guard let first = name.first, let last = name.last, isWord(first), isWord(last) else { return false }
            return name.allSatisfy { isWord($0) || $0 == 0x2E || $0 == 0x2D }
        }

        private static func isWord(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == 0x5F }

        private static func isHexadecimal(_ byte: UInt8) -> Bool {
            0x30...0x39 ~= byte || 0x41...0x46 ~= byte & 0xDF
        }

        /// What a browser would resolve to another path than the one that was compared.
        private static func hasDots(_ rest: Substring.UTF8View) -> Bool {
            let path = rest.prefix { $0 != UInt8(ascii: "?") }
            return path.split(separator: UInt8(ascii: "/")).contains { segment in
                [".", "%2e", "..", ".%2e", "%2e.", "%2e%2e"].contains(lowercased(segment))
            }
        }
    }

    /// RFC 3986 section 3.1.
    private static func isScheme(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, 0x41...0x5A ~= first & 0xDF else { return false }
        return text.allSatisfy { isLetterOrDigit($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte & 0xDF
    }

    private static func lowercased(_ bytes: Substring.UTF8View) -> String {
        String(decoding: bytes.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// RFC 3986 section 2, without the number sign.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x23, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D: false
        default: 0x21...0x7E ~= byte
        }
    }
}
