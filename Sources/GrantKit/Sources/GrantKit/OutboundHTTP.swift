// SPDX-License-Identifier: Apache-2.0

/// A request to another server.
public struct OutboundRequest: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The address.
    public var url: String
    /// Headers beside those that the transport sets.
    public var headers: [(name: String, value: String)] = []
    /// The body.
    public var body: [UInt8]

    /// Makes a request.
    public init(_ method: String, _ url: String, body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.body = body
    }
}

/// What another server answered.
public struct OutboundReply: Sendable {
    /// The status; a redirect is an answer like any other, and not followed.
    public var status: Int
    /// Header names in lower case and their values.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// For the host and for tests: an answer.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why another server was not asked, or did not answer; for the log, never for a client.
public struct OutboundError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Makes an error.
    public init(_ description: String) {
        self.description = description
    }
}

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
