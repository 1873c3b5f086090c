// SPDX-License-Identifier: Apache-2.0

/// What an issuer identifier must be (RFC 8414 section 2).
enum IssuerRule {
    static func problem(_ issuer: String) -> (message: String, note: String?)? {
        let parts = issuer.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts[0] == "https:" || parts[0] == "http:", parts[1].isEmpty, !parts[2].isEmpty,
            issuer.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), !parts[2].contains("@")
        else { return ("'issuer' is not an address", "write it such as https://id.example.com") }
        if issuer.contains("?") { return ("'issuer' must not have a query", "remove everything from the '?'") }
        if issuer.contains("#") { return ("'issuer' must not have a fragment", "remove everything from the '#'") }
        if issuer.hasSuffix("/") { return ("'issuer' must not end with a slash", "remove it") }
        if parts[0] == "http:", !Configuration.isLoopback(host(parts[2])) {
            return ("'issuer' must use https: tokens would cross the network readable", "http is for 127.0.0.1 alone")
        }
        return nil
    }

    private static func host(_ authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.split(separator: ":").first ?? "")
    }
}
