// SPDX-License-Identifier: Apache-2.0

/// The part of the redirect that may contain an authorization response.
///
/// If several flows differ, the strictest wins.
public enum Delivery: Int, Sendable, Hashable {
    /// The query, which the client's server receives (RFC 6749 section 4.1.2).
    case query
    /// The fragment, which stays in the browser (RFC 6749 section 4.2.2).
    case fragment
}
