// SPDX-License-Identifier: Apache-2.0

/// Who asks for what is served at an address; it decides how errors look, and which scripts may read the answers.
enum RouteAudience: Sendable {
    /// Programs of clients: errors are JSON, and scripts of the clients' origins may read answers.
    case clients
    /// People with a browser: errors are pages, and no script of another origin may read them (RFC 9700 section 2.6).
    case people
    /// Everybody gets the same document, which every script may read.
    case everybody
}
