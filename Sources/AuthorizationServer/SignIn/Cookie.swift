// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A cookie of this server, which scripts cannot read and requests from other sites do not carry.
struct Cookie: Sendable {
    /// The cookie of a session, which tells who is signed in.
    static let session = "grantor_session"
    /// The cookie that ties a page to the browser in which it was shown; it tells nothing else.
    static let browser = "grantor_browser"

    let name: String
    /// Over https, no other host and no unencrypted connection can have set it (RFC 6265bis section 4.1.3.2).
    private let isSecure: Bool

    /// Creates the cookie for an issuer.
    ///
    /// Browsers keep cookies by host, whatever the port, and `__Host-` allows no path. Therefore the name distinguishes
    /// issuers on the same host.
    init(_ name: String, issuer: String) {
        isSecure = issuer.utf8.starts(with: "https://".utf8)
        self.name = "\(isSecure ? "__Host-" : "")\(name)_\(Cookie.tag(issuer))"
    }

    /// A short name for an issuer: its FNV-1a hash, which is enough because all issuers on a host are the operator's.
    private static func tag(_ issuer: String) -> String {
        let hash = issuer.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 36)
    }

    /// The value in a request; nil if there is none or more than one.
    func value(in head: RequestHead) -> String? {
        let pairs = head.headers.filter { $0.name == "cookie" }.flatMap { $0.value.raw.split(at: ";") }
        let values = pairs.compactMap { pair -> RawText? in
            guard let (name, value) = pair.trimmed().cut(at: "="), name == self.name.raw else { return nil }
            return value
        }
        return values.count == 1 ? values.first?.string : nil
    }

    /// The header that sets the cookie until the browser is closed.
    func set(_ value: String) -> (name: String, value: String) {
        ("set-cookie", "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")")
    }

    /// The header that removes the cookie.
    var remove: (name: String, value: String) {
        ("set-cookie", "\(name)=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")")
    }
}
