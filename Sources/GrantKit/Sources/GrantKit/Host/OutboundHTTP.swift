// SPDX-License-Identifier: Apache-2.0

/// Sends requests to other servers for plugins, which must not connect to servers themselves.
///
/// Requests use HTTPS. If the issuer is a loopback address, they may also use HTTP to loopback addresses. The host
/// resolves a name once, and connects only to addresses of the public internet and of the networks in the
/// configuration. If the configuration names a proxy, requests pass through it, and the proxy resolves names. The host
/// follows no redirects, and limits the size of the response and the time.
public protocol OutboundHTTP: Sendable {
    /// Sends a request.
    ///
    /// - Parameter request: The request.
    /// - Returns: The response.
    /// - Throws: `OutboundError`.
    func send(_ request: OutboundRequest) async throws -> OutboundReply
}
