// SPDX-License-Identifier: Apache-2.0

/// Where an endpoint is served.
public struct Route: Sendable, Hashable {
    /// What a path is below.
    public enum Base: Sendable, Hashable {
        /// The base path of the server's endpoints.
        case endpoints
        /// The issuer, where other servers have the path.
        case issuer
        /// `/.well-known` below the issuer and, since clients may look only there, at the root of the origin
        /// (RFC 8615 section 3).
        case wellKnown
    }

    /// The methods it takes, in upper case.
    public var methods: Set<String>
    /// The path, with a leading slash.
    ///
    /// A segment such as `{id}` is a variable: `/Groups/{group}/members/{id}` has two. It takes one segment that is not
    /// empty. A path without variables comes before one with them, and a segment without them before a variable.
    public var path: String
    /// What the path is below.
    public var base: Base
    /// The name under which the server's metadata announces its address, if any.
    public var metadata: String?

    /// Makes a route.
    public init(_ methods: Set<String>, _ path: String, below base: Base = .endpoints, metadata: String? = nil) {
        self.methods = methods
        self.path = path
        self.base = base
        self.metadata = metadata
    }
}
