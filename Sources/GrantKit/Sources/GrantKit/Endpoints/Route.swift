// SPDX-License-Identifier: Apache-2.0

/// The methods and the path at which an endpoint is served.
public struct Route: Sendable, Hashable {
    /// The base of a path.
    public enum Base: Sendable, Hashable {
        /// The base path of the server's endpoints.
        case endpoints
        /// The issuer, for paths that clients expect there.
        case issuer
        /// `/.well-known` below the issuer, and at the root of the origin, since some clients look only there (RFC 8615
        /// section 3).
        case wellKnown
    }

    /// The methods that it accepts, in upper case.
    public var methods: Set<String>
    /// The path, with a leading slash.
    ///
    /// A segment such as `{id}` is a variable: `/Groups/{group}/members/{id}` has two. A variable matches one segment
    /// that is not empty. A path without variables wins over one with variables, and a fixed segment wins over a
    /// variable.
    public var path: String
    /// The base of the path.
    public var base: Base
    /// The member of the server's metadata that contains the URL of the endpoint, if any.
    public var metadata: String?

    /// Makes a route.
    ///
    /// - Parameters:
    ///   - methods: The methods that it accepts, in upper case.
    ///   - path: The path, with a leading slash.
    ///   - base: The base of the path.
    ///   - metadata: The member of the server's metadata that contains the URL of the endpoint, if any.
    public init(_ methods: Set<String>, _ path: String, below base: Base = .endpoints, metadata: String? = nil) {
        self.methods = methods
        self.path = path
        self.base = base
        self.metadata = metadata
    }
}
