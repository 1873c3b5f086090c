// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// A URI to which an authorization response may go (RFC 6749 section 3.1.2).
typealias RedirectURI = WebAddress

extension RedirectURI {
    /// The longest URI, once parameters have been added to a registered one.
    static let longestWithMore = 32 * 1024

    /// Whether a requested URI is this registered one, compared byte for byte except for the port of a loopback
    /// address.
    func accepts(_ requested: RedirectURI) -> Bool {
        if text == requested.text { return true }
        return isLoopback && requested.isLoopback && withoutPort == requested.withoutPort
    }

    /// Whether the host is a loopback address, the only kind whose port may differ (RFC 8252 section 7.3).
    private var isLoopback: Bool { scheme == "http" && (host == "127.0.0.1" || host == "[::1]") }

    /// The source for a content security policy, which is exactly this origin; nil if a policy cannot name it: for an
    /// IPv6 address (CSP 3 section 2.3.1) and anything but a web address.
    var policySource: String? {
        host.flatMap { $0.utf8.first == UInt8(ascii: "[") ? nil : origin }
    }

    /// Whether only the client can receive the response at this URI (RFC 8252 section 8.6).
    func identifies(isPublic: Bool) -> Bool { !isPublic || isSecure }
}
