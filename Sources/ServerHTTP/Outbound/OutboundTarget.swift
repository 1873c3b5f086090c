// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// An address that may be asked, as far as it can be told without resolving its name.
struct OutboundTarget: Sendable {
    /// The name or the address, an IPv6 one without brackets.
    let host: String
    let port: Int
    let isSecure: Bool
    /// What the header "Host" says: the host, and the port if it is not the usual one.
    let authority: String
    /// Path and query, as RFC 9112 section 3.2.1 sends them.
    let path: String

    init(_ text: String) throws {
        guard let address = try? WebAddress(text), let host = address.host, let name = OutboundTarget.name(host.raw)
        else { throw OutboundError("it is not an https address without user name, password and fragment") }
        self.host = name
        isSecure = address.isSecure
        port = address.port.map(Int.init) ?? (isSecure ? 443 : 80)
        authority = host + (address.port.map { ":\($0)" } ?? "")
        path = address.rest.utf8.first == UInt8(ascii: "/") ? address.rest : "/" + address.rest
    }

    /// What a host names; nil for brackets that hold no address (RFC 3986 section 3.2.2).
    private static func name(_ host: RawText) -> String? {
        guard host.starts(with: "[") else { return host.string }
        let address = host.dropFirst().dropLast()
        return IPAddress(address) == nil ? nil : address.string
    }
}
