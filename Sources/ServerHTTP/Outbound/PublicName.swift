// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Tells names of the public internet from those that mean something else inside each network.
///
/// A proxy resolves names, so names that lead into its own network must not reach it.
enum PublicName {
    /// Domains for private use (RFC 6761, RFC 6762 and RFC 8375; `internal` is reserved by ICANN).
    private static let special = [".localhost", ".local", ".internal", ".home.arpa"]

    /// Whether a host name can be one of the public internet.
    ///
    /// - Parameter host: The name in lower case, which the system does not read as an address.
    /// - Returns: Whether it can.
    static func isPublic(_ host: String) -> Bool {
        let labels = host.raw.split(at: ".", keepingEmpty: true)
        // Other software might read a name that ends in a number as an address (WHATWG URL section 3.5).
        guard labels.count > 1, let last = labels.last, let first = last.bytes.first, 0x61...0x7A ~= first else {
            return false
        }
        return !special.contains { host.raw.ends(with: $0) }
    }
}
