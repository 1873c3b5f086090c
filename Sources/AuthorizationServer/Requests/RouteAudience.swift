// SPDX-License-Identifier: Apache-2.0

/// The users of a path, which decide how errors look and which scripts may read responses.
enum RouteAudience: Sendable {
    /// Programs of clients: errors are JSON, and scripts of the clients' origins may read responses.
    case clients
    /// Users with a browser: errors are pages, and no script of another origin may read them (RFC 9700 section 2.6).
    case people
    /// Anyone: everyone gets the same document, and every script may read it.
    case everybody
}
