// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The handlers by path.
struct RouteTable: Sendable {
    private(set) var fixed: [String: any RouteHandler] = [:]
    /// The handlers for paths whose last segment varies, by the part before it.
    private(set) var variable: [String: any RouteHandler] = [:]
    /// The path of the issuer.
    private let prefix: String
    private let bases: [String]

    /// Collects the routes of the core and of the plugins.
    ///
    /// - Parameters:
    ///   - settings: The issuer and the paths.
    ///   - capabilities: What the plugins add.
    ///   - authorization: The plan of the authorization endpoint, if there is one.
    ///   - metadata: The server's metadata.
    ///   - digest: Computes the entity tags of documents.
    init(
        _ settings: ServerSettings, _ capabilities: Capabilities, _ authorization: AuthorizationPlan?,
        metadata: JSON, digest: (String) -> String
    ) {
        prefix = Metadata.path(of: settings.issuer)
        bases = [settings.basePath] + settings.aliasPaths
        if settings.hasLanding, capabilities.hasPages { addLanding() }
        if !capabilities.grants.isEmpty { add(TokenRoute(), below: "/token") }
        if let authorization {
            if !authorization.flows.isEmpty {
                add(AuthorizationRoute(plan: authorization), below: AuthorizationEndpoint.path)
            }
            add(InteractionRoute(plan: authorization), below: AuthorizationEndpoint.interactionPath)
        }
        for endpoint in capabilities.browserEndpoints { add(BrowserRoute(endpoint), at: endpoint.role.route) }
        for endpoint in capabilities.resourceEndpoints { add(ResourceRoute(endpoint), at: endpoint.role.route) }
        for endpoint in capabilities.endpoints { add(ClientRoute(endpoint), at: endpoint.role.route) }
        publish(metadata, capabilities.documents, digest)
    }

    private mutating func add(_ handler: any RouteHandler, below path: String) {
        for base in bases { fixed[prefix + base + path] = handler }
    }

    private mutating func add(_ handler: any RouteHandler, at route: Route) {
        for base in route.isAtRoot ? [prefix] : bases.map({ prefix + $0 }) {
            if let stem = route.stem { variable[base + stem] = handler } else { fixed[base + route.path] = handler }
        }
        // Well-known URIs are looked for at the root of the origin (RFC 8615 section 3).
        if route.isAtRoot, route.path.raw.starts(with: "/.well-known/"), fixed[route.path] == nil {
            fixed[route.path] = handler
        }
    }

    /// The issuer's address itself, where people come who type it; a plugin may have the path.
    private mutating func addLanding() {
        fixed[prefix + "/"] = LandingRoute()
        if !prefix.isEmpty { fixed[prefix] = LandingRoute() }
        fixed["/favicon.ico"] = IconRoute()
    }

    private mutating func publish(_ metadata: JSON, _ others: [WellKnownDocument], _ digest: (String) -> String) {
        fixed[prefix + "/.well-known/jwks.json"] = KeysRoute()
        fixed["/.well-known/oauth-authorization-server" + prefix] = DocumentRoute(
            PublishedDocument(metadata, digest: digest))
        for other in others {
            // OpenID Connect Discovery section 4 puts the name after the issuer's path, RFC 8414 section 3 before it.
            var content = metadata
            for member in other.adding { content[member.name] = member.value }
            let route = DocumentRoute(PublishedDocument(content, digest: digest))
            for path in ["\(prefix)/.well-known/\(other.name)", "/.well-known/\(other.name)\(prefix)"] {
                fixed[path] = route
            }
        }
    }

    /// The handler for the path of a request.
    subscript(path path: String) -> (any RouteHandler)? {
        if let handler = fixed[exactly: path] { return handler }
        guard !variable.isEmpty, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let start = path.utf8.index(after: slash)
        return start == path.utf8.endIndex ? nil : variable[exactly: String(path[..<start])]
    }

    // MARK: conflicts

    /// Finds plugins whose path directly below the issuer is one that the server uses.
    static func problems(_ settings: ServerSettings, _ capabilities: Capabilities) -> [ConfigurationProblem] {
        let own = [settings.basePath] + settings.aliasPaths + ["/health", "/metrics"]
        let documents = (["oauth-authorization-server", "jwks.json"] + capabilities.documents.map(\.name))
            .map { "/.well-known/\($0)" }
        let routes =
            capabilities.endpoints.map(\.role.route) + capabilities.resourceEndpoints.map(\.role.route)
            + capabilities.browserEndpoints.map(\.role.route)
        return routes.filter(\.isAtRoot).compactMap { route in
            guard
                let taken = own.first(where: { "\($0)/".raw.starts(with: first(route)) })
                    ?? documents.first(where: { $0 == route.path })
            else { return nil }
            return ConfigurationProblem(
                at: [.key("plugins")], key: true,
                "a plugin serves the path '\(route.path)', which the server uses for '\(taken)'",
                note: .text("change the paths of this server, or remove the plugin"))
        }
    }

    private static func first(_ route: Route) -> String {
        "/\(route.path.raw.dropFirst().up(to: "/").string)/"
    }
}
