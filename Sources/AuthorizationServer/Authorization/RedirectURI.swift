// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An address to which the answer to an authorization request may go (RFC 6749 section 3.1.2).
typealias RedirectURI = WebAddress

extension RedirectURI {
    /// The length of one that was registered, once parameters were added to it.
    static let longestWithMore = 32 * 1024

    /// Whether a requested URI is this registered one: byte for byte, but for the port of a loopback address.
    func accepts(_ requested: RedirectURI) -> Bool {
        if text == requested.text { return true }
        return isLoopback && requested.isLoopback && withoutPort == requested.withoutPort
    }

    /// A web address on this machine by its number: the one kind whose port may differ (RFC 8252 section 7.3).
    private var isLoopback: Bool { scheme == "http" && (host == "127.0.0.1" || host == "[::1]") }

    /// What a content security policy calls it, never more than this one origin; nil where a policy has no name for it:
    /// an IPv6 address (CSP 3 section 2.3.1), and what is no web address.
    var policySource: String? {
        host.flatMap { $0.utf8.first == UInt8(ascii: "[") ? nil : origin }
    }

    /// Whether whoever receives the answer there can only be the client (RFC 8252 section 8.6).
    func identifies(isPublic: Bool) -> Bool { !isPublic || isSecure }
}
