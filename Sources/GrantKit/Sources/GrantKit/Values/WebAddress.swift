// SPDX-License-Identifier: Apache-2.0

/// An absolute and unambiguous URL, of the web or with an application's own scheme (RFC 3986 section 4.3).
///
/// The issuer, origins, redirect URIs, URLs for logout and the targets of outbound requests are such URLs. A URL that a
/// header, a page or a browser might interpret differently is refused.
public struct WebAddress: Sendable, Hashable {
    /// The URL, byte by byte as it was written.
    public let text: String
    /// The scheme in lower case.
    public let scheme: String
    /// The host in lower case, with brackets around an IPv6 address; nil for an application's own scheme.
    public let host: String?
    /// The port, if the URL contains one.
    public let port: UInt16?
    /// What follows the host and port, as it was written; for an application's own scheme, what follows the scheme.
    public let rest: String
    /// The scheme, host and port in lower case, as a content security policy can name them; for an application's own
    /// scheme, the scheme and a colon.
    public let origin: String
    /// For the host: the URL as it was written, but without its port.
    @_spi(Host)
    public let withoutPort: String

    /// Parses a URL.
    ///
    /// - Parameters:
    ///   - text: The URL.
    ///   - longest: The maximum length in bytes. Raise it for a registered URL to which parameters were added.
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
            // RFC 8252 section 7.1: a reversed domain name. No scheme that a browser itself handles contains a dot.
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

    /// Whether the scheme is https, so that only the owner of the host receives what is sent there.
    public var isSecure: Bool { scheme == "https" }

    /// Whether only this machine can receive what is sent there.
    public var isOnThisMachine: Bool { host == "localhost" || host == "127.0.0.1" || host == "[::1]" }

    /// For the host: whether it consists only of scheme, host and port (RFC 6454 section 6.2).
    @_spi(Host)
    public var isOrigin: Bool { host != nil && rest.isEmpty }

    /// The decoded names of the parameters in its query.
    ///
    /// Parameters are separated by `&` or, for some servers, by `;`.
    public var parameters: [String] {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        let query = text.utf8[mark...].dropFirst()
        return query.split(whereSeparator: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }).map { part in
            String(percentDecoding: part.prefix { $0 != UInt8(ascii: "=") })
        }
    }

    /// The URL with parameters added to the end of its query, or in its fragment.
    ///
    /// - Parameters:
    ///   - parameters: Names and values, not encoded yet.
    ///   - asFragment: Whether they become the fragment rather than part of the query.
    /// - Returns: The URL.
    public func adding(_ parameters: [(name: String, value: String)], asFragment: Bool = false) -> String {
        guard !parameters.isEmpty else { return text }
        let encoded = parameters.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
        if asFragment { return "\(text)#\(encoded)" }
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "\(text)?\(encoded)" }
        // Only the first question mark starts the query; any later one is part of it.
        let query = text.utf8[mark...].dropFirst()
        let isOpen = query.isEmpty || query.last == UInt8(ascii: "&")
        return "\(text)\(isOpen ? "" : "&")\(encoded)"
    }
}

extension WebAddress {
    /// The host and port, and what follows them.
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
                throw WebAddressError("its path must not contain '.' or '..' segments")
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

        /// Whether a host is an IPv6 address in brackets, or a name of letters, digits, underscores, dots and hyphens
        /// that neither begins nor ends with a dot or hyphen.
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

        /// Whether the path has dot segments, which a browser would resolve to another path than the one that was
        /// compared.
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
