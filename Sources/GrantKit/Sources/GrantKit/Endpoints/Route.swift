// SPDX-License-Identifier: Apache-2.0

/// Where an endpoint is served.
public struct Route: Sendable, Hashable {
    /// The methods it takes, in upper case.
    public var methods: Set<String>
    /// The path, with a leading slash; its last segment may stand for any one, such as `{id}` in `/Client/{id}`.
    public var path: String
    /// Whether the path stands below the issuer itself rather than below the base path.
    public var isAtRoot = false
    /// The name under which the server's metadata announces its address, if any.
    public var metadata: String?

    /// Makes a route.
    public init(_ methods: Set<String>, _ path: String, metadata: String? = nil) {
        self.methods = methods
        self.path = path
        self.metadata = metadata
    }

    /// The route below the issuer itself rather than below the base path, where other servers have it.
    public static func atRoot(_ methods: Set<String>, _ path: String, metadata: String? = nil) -> Route {
        var route = Route(methods, path, metadata: metadata)
        route.isAtRoot = true
        return route
    }
}
