// SPDX-License-Identifier: Apache-2.0

/// What an issuer identifier must be (RFC 8414 section 2).
enum IssuerRule {
    static func problem(_ issuer: String) -> (message: String, note: String?)? {
        let parts = issuer.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 3, parts[2].contains("@") {
            return ("'issuer' must not hold a user name or a password", "remove everything up to the '@'")
        }
        guard parts.count >= 3, parts[0] == "https:" || parts[0] == "http:", parts[1].isEmpty, hasHost(parts[2]),
            issuer.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return ("'issuer' is not an address", "write it such as https://id.example.com") }
        if issuer.contains("?") { return ("'issuer' must not have a query", "remove everything from the '?'") }
        if issuer.contains("#") { return ("'issuer' must not have a fragment", "remove everything from the '#'") }
        if issuer.hasSuffix("/") { return ("'issuer' must not end with a slash", "remove it") }
        if parts[0] == "http:", !Configuration.isLoopback(host(parts[2])) {
            return ("'issuer' must use https: tokens would cross the network readable", "http is for 127.0.0.1 alone")
        }
        return nil
    }

    private static func hasHost(_ authority: String) -> Bool {
        let (host, authority) = (host(authority), authority.prefix { $0 != "?" && $0 != "#" })
        let port = authority.dropFirst(host.count)
        return !host.isEmpty && (port.isEmpty || port.first == ":" && UInt16(port.dropFirst()) != nil)
    }

    static func host(_ authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" && $0 != "?" && $0 != "#" })
    }
}
