// SPDX-License-Identifier: Apache-2.0

/// Asks other servers on behalf of plugins, which must not do so by themselves.
///
/// Only https is spoken (and http on this machine, where the server is for this machine alone). A name is resolved once,
/// and the connection goes to that address; addresses that are not of the public internet are refused unless the
/// configuration lists their network. Redirects are not followed, and size and time are limited.
public protocol OutboundHTTP: Sendable {
    /// Sends a request.
    ///
    /// - Throws: `OutboundError`.
    func send(_ request: OutboundRequest) async throws -> OutboundReply
}
