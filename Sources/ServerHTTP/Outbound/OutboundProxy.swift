// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GrantKit

/// A proxy that opens tunnels to other servers (decision 0060).
public struct OutboundProxy: Sendable {
    /// The host name or IP address, which the policy for networks does not restrict, since the operator has chosen it.
    let host: String
    let port: Int
    /// The value of the `Proxy-Authorization` header field (RFC 7617).
    private let authorization: Secret?
    private let exceptions: [OutboundException]

    /// Creates a proxy.
    ///
    /// - Parameters:
    ///   - host: The host name or IP address, without brackets.
    ///   - port: The port.
    ///   - credentials: The user name and password.
    ///   - exceptions: The hosts to which requests go directly.
    public init(
        host: String, port: Int, credentials: (username: String, password: Secret)? = nil,
        exceptions: [OutboundException] = []
    ) {
        self.host = host
        self.port = port
        self.exceptions = exceptions
        authorization = credentials.map { username, password in
            Secret("Basic " + Data("\(username):\(password.exposed)".utf8).base64EncodedString())
        }
    }

    /// Whether requests to a host go directly.
    ///
    /// - Parameters:
    ///   - host: The host in lower case, without brackets.
    ///   - addresses: The addresses that the host itself writes; nil if it is a name.
    /// - Returns: Whether they do.
    func excepts(_ host: String, _ addresses: [String]?) -> Bool {
        exceptions.contains { $0.covers(host, addresses) }
    }

    /// A request for a tunnel (RFC 9110 section 9.3.6).
    ///
    /// - Parameters:
    ///   - host: The host name, or an IP address in its usual notation.
    ///   - port: The port.
    /// - Returns: The request.
    func tunnel(to host: String, _ port: Int) -> TunnelRequest {
        TunnelRequest(host: host, port: port, authorization: authorization)
    }
}
