// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The host of a URL, which the certificate of its server must contain (RFC 9110 section 4.3.4).
///
/// Only the subject alternative names count, and never the address at the other end of the connection: that is the
/// proxy's if there is one, and otherwise what a name server said.
enum ServerIdentity: Sendable, Equatable {
    case name(String)
    case address(IPAddress)

    /// Reads a host.
    ///
    /// - Parameter host: A name in lower case, or an address in any notation, without brackets.
    init(_ host: String) {
        let address = SystemNames.numeric(host)?.first.flatMap { IPAddress($0.raw) }
        self = address.map(ServerIdentity.address) ?? .name(host)
    }

    /// What the client sends as the name of the server; an address is none (RFC 6066 section 3).
    var serverName: String? {
        guard case .name(let name) = self else { return nil }
        return name
    }

    /// Whether a name in a certificate is that of the host (RFC 9525 section 6.3).
    ///
    /// A wildcard can only be the whole first label, and is for exactly one label.
    ///
    /// - Parameter pattern: The bytes of the name.
    /// - Returns: Whether it is; never for an address.
    func isCovered(byName pattern: some Sequence<UInt8>) -> Bool {
        guard case .name(let name) = self else { return false }
        let pattern = pattern.map(ASCII.lowercase)
        if pattern.elementsEqual(name.utf8) { return true }
        guard pattern.starts(with: "*.".utf8), let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else {
            return false
        }
        return dot != name.utf8.startIndex && pattern.dropFirst().elementsEqual(name.utf8[dot...])
    }

    /// Whether an address in a certificate is that of the host (RFC 9525 section 6.4).
    ///
    /// - Parameter bytes: The four or sixteen bytes of the address.
    /// - Returns: Whether it is; never for a name.
    func isCovered(byAddress bytes: some Sequence<UInt8>) -> Bool {
        guard case .address(let address) = self else { return false }
        return address.bytes.elementsEqual(bytes)
    }
}
