// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What an issuer identifier must be (RFC 8414 section 2).
enum IssuerRule {
    static func problem(_ issuer: String) -> (message: String, note: String?)? {
        let parts = issuer.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 3, parts[2].contains("@") {
            return ("'issuer' must not hold a user name or a password", "remove everything up to the '@'")
        }
        guard issuer.hasPrefix("https://") || issuer.hasPrefix("http://"),
            issuer.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            let address = try? WebAddress(String(issuer.prefix { $0 != "?" && $0 != "#" }))
        else { return ("'issuer' is not an address", "write it such as https://id.example.com") }
        if issuer.contains("?") { return ("'issuer' must not have a query", "remove everything from the '?'") }
        if issuer.contains("#") { return ("'issuer' must not have a fragment", "remove everything from the '#'") }
        if issuer.hasSuffix("/") { return ("'issuer' must not end with a slash", "remove it") }
        if !address.isSecure, !Configuration.isLoopback(address.host ?? "") {
            return ("'issuer' must use https: tokens would cross the network readable", "http is for 127.0.0.1 alone")
        }
        return nil
    }
}
