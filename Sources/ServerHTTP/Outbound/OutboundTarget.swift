// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText

/// An address that may be asked, as far as it can be told without resolving its name.
struct OutboundTarget: Sendable {
    /// The name or the address, an IPv6 one without brackets.
    let host: String
    let port: Int
    let isSecure: Bool
    /// What the header "Host" says: the host as it was written, and the port if it is not the usual one.
    let authority: String
    /// Path and query, as RFC 9112 section 3.2.1 sends them.
    let path: String

    init(_ text: String) throws {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            let parts = URLComponents(string: text), let scheme = parts.scheme?.raw.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.encodedHost, !host.isEmpty,
            // An escape in a host would be a line feed or a slash in the header "Host".
            !host.utf8.contains(UInt8(ascii: "%")), let name = OutboundTarget.name(host.raw), parts.user == nil,
            parts.password == nil, parts.fragment == nil, 1...65535 ~= (parts.port ?? 443)
        else { throw OutboundError("it is not an https address without user name, password and fragment") }
        self.host = name
        isSecure = scheme == "https"
        port = parts.port ?? (isSecure ? 443 : 80)
        authority = host + (parts.port.map { ":\($0)" } ?? "")
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        self.path = path + (parts.percentEncodedQuery.map { "?" + $0 } ?? "")
    }

    /// What a host names; nil for brackets that hold no address (RFC 3986 section 3.2.2).
    private static func name(_ host: RawText) -> String? {
        guard host.starts(with: "[") else { return host.string }
        let address = host.dropFirst().dropLast()
        return IPAddress(address) == nil ? nil : address.string
    }
}
