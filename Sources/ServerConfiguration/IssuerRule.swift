// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for an issuer identifier (RFC 8414 section 2).
enum IssuerRule {
    static func problem(_ issuer: String) -> (message: String, note: String?)? {
        let parts = issuer.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 3, parts[2].contains("@") {
            return (
                "'issuer' must not contain a user name or a password", "remove everything between '//' and the '@'"
            )
        }
        guard issuer.hasPrefix("https://") || issuer.hasPrefix("http://"),
            issuer.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            let address = try? WebAddress(String(issuer.prefix { $0 != "?" && $0 != "#" }))
        else { return ("'issuer' is not a URL", "write a URL such as https://id.example.com") }
        if issuer.contains("?") { return ("'issuer' must not have a query", "remove the '?' and what follows") }
        if issuer.contains("#") { return ("'issuer' must not have a fragment", "remove the '#' and what follows") }
        if issuer.hasSuffix("/") { return ("'issuer' must not end with a slash", "remove it") }
        if !address.isSecure, !Configuration.isLoopback(address.host ?? "") {
            return (
                "'issuer' must use https, since tokens would otherwise cross the network in plain text",
                "http is only allowed for 127.0.0.1, ::1 and localhost"
            )
        }
        return nil
    }
}
