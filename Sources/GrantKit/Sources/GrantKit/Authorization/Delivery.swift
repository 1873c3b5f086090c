// SPDX-License-Identifier: Apache-2.0

/// How far the parameters of an authorization response may travel; the strictest of several flows wins.
public enum Delivery: Int, Sendable, Hashable {
    /// To the client's server, in the query of the redirect (RFC 6749 section 4.1.2).
    case query
    /// To the browser alone, in the fragment of the redirect (RFC 6749 section 4.2.2).
    case fragment
}
