// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A request to a proxy for a tunnel to a host (RFC 9110 section 9.3.6).
struct TunnelRequest: Sendable {
    /// The host name, or an IP address in its usual notation, without brackets.
    let host: String
    let port: Int
    /// The value of the `Proxy-Authorization` header field.
    let authorization: Secret?

    /// The host and port; a host has only characters that end neither a line nor a word.
    var authority: String { "\(host.raw.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The request as it is sent.
    var bytes: [UInt8] {
        let credentials = authorization.map { "Proxy-Authorization: \($0.exposed)\r\n" } ?? ""
        return Array(
            "CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\nUser-Agent: grantor\r\n\(credentials)\r\n".utf8)
    }

    /// Reads as much of the answer as there is.
    ///
    /// - Parameter bytes: What the proxy has sent so far.
    /// - Returns: Whether the tunnel is open; false if the answer is not complete yet.
    /// - Throws: `OutboundError` if the proxy refuses, or if its answer is not one.
    func isAccepted(by bytes: [UInt8]) throws -> Bool {
        guard let answer = try TunnelAnswer(bytes) else { return false }
        switch answer.status {
        case 200...299: break
        case 407 where authorization == nil:
            throw OutboundError("the proxy asks for a password (407): set 'outbound.proxy.username' and 'password'")
        case 407:
            throw OutboundError("the proxy refuses the user name or password (407) of 'outbound.proxy'")
        default:
            throw OutboundError("the proxy refuses a connection to \(authority) with status \(answer.status)")
        }
        // In TLS the client speaks first, so the server cannot have sent this.
        guard answer.rest == 0 else { throw OutboundError("the proxy sent more than its answer") }
        return true
    }
}
