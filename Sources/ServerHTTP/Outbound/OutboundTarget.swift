// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The target of a request, checked as far as possible without resolving its host.
struct OutboundTarget: Sendable {
    /// The host name or IP address, without brackets.
    let host: String
    let port: Int
    let isSecure: Bool
    /// The value of the `Host` header field: the host, and the port if the URL has one.
    let authority: String
    /// The path and query, in origin form (RFC 9112 section 3.2.1).
    let path: String

    /// The most characters of a host name.
    private static let longestName = 253

    init(_ text: String) throws {
        guard let address = try? WebAddress(text), let host = address.host, let name = OutboundTarget.name(host.raw)
        else { throw OutboundError("it is not an https URL without user name, password and fragment") }
        // RFC 1035 section 3.1; TLS could not send a longer one either.
        guard name.utf8.count <= OutboundTarget.longestName else {
            throw OutboundError("its host has more than \(OutboundTarget.longestName) characters")
        }
        self.host = name
        isSecure = address.isSecure
        port = address.port.map(Int.init) ?? (isSecure ? 443 : 80)
        authority = host + (address.port.map { ":\($0)" } ?? "")
        path = address.rest.utf8.first == UInt8(ascii: "/") ? address.rest : "/" + address.rest
    }

    /// A host without brackets; nil if the brackets do not contain an IP address (RFC 3986 section 3.2.2).
    private static func name(_ host: RawText) -> String? {
        guard host.starts(with: "[") else { return host.string }
        let address = host.dropFirst().dropLast()
        return IPAddress(address) == nil ? nil : address.string
    }
}
