// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// The handlers by path.
struct RouteTable: Sendable {
    private(set) var fixed: [String: any RouteHandler] = [:]
    /// The handlers for paths with variables, in the order in which they are asked.
    private(set) var variable: [(pattern: PathPattern, handler: any RouteHandler)] = []
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
        for endpoint in capabilities.endpoints {
            guard let handler = RouteTable.handler(of: endpoint, capabilities.credentials) else { continue }
            add(handler, at: endpoint.role.route)
        }
        variable.sort { $0.pattern.precedes($1.pattern) }
        publish(metadata, capabilities.documents, digest)
    }

    /// The handler for an endpoint of a plugin.
    private static func handler(
        of endpoint: Owned<any Endpoint>, _ credentials: [ParameterDeclaration] = []
    ) -> (any RouteHandler)? {
        switch endpoint.role.admissionRule {
        case .client(let requirement): ClientRoute(endpoint, as: requirement, credentials: credentials)
        case .bearer(let scope): ResourceRoute(endpoint, requiring: scope)
        case .browser(let requiresSession, let takesForeignForms):
            BrowserRoute(endpoint, requiresSession: requiresSession, takesForeignForms: takesForeignForms)
        @unknown default: nil
        }
    }

    private mutating func add(_ handler: any RouteHandler, below path: String) {
        for base in bases { fixed[prefix + base + path] = handler }
    }

    private mutating func add(_ handler: any RouteHandler, at route: Route) {
        let path = route.pathBelowBase
        for base in route.base == .endpoints ? bases.map({ prefix + $0 }) : [prefix] { add(handler, path, below: base) }
        // Well-known URIs are looked for at the root of the origin (RFC 8615 section 3).
        if route.base == .wellKnown, !prefix.isEmpty, fixed[exactly: path] == nil { add(handler, path, below: "") }
    }

    private mutating func add(_ handler: any RouteHandler, _ path: String, below base: String) {
        let pattern = PathPattern(path, below: base)
        if pattern.hasVariables { variable.append((pattern, handler)) } else { fixed[base + path] = handler }
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
        guard !variable.isEmpty else { return nil }
        let parts = path.raw.split(at: "/", keepingEmpty: true)
        return variable.first { $0.pattern.matches(parts) }?.handler
    }

    // MARK: conflicts

    /// Finds endpoints that cannot be served, and those whose path directly below the issuer is one of the server.
    static func problems(_ settings: ServerSettings, _ capabilities: Capabilities) -> [ConfigurationProblem] {
        let own = [settings.basePath] + settings.aliasPaths + ["/health", "/metrics"]
        let documents = (["oauth-authorization-server", "jwks.json"] + capabilities.documents.map(\.name))
            .map { "/.well-known/\($0)" }
        let routes = capabilities.endpoints.map { $0.role.route }.filter { $0.base != .endpoints }
        let conflicts = routes.map(\.pathBelowBase).compactMap { path -> ConfigurationProblem? in
            guard
                let taken = own.first(where: { "\($0)/".raw.starts(with: first(path)) })
                    ?? documents.first(where: { $0 == path })
            else { return nil }
            return ConfigurationProblem(
                at: [.key("plugins")], key: true,
                "a plugin serves the path '\(path)', which the server uses for '\(taken)'",
                note: .text("change the paths of this server, or remove the plugin"))
        }
        return capabilities.endpoints.compactMap(mistake) + conflicts
    }

    private static func first(_ path: String) -> String {
        "/\(path.raw.dropFirst().up(to: "/").string)/"
    }

    /// What an author got wrong about an endpoint.
    private static func mistake(in endpoint: Owned<any Endpoint>) -> ConfigurationProblem? {
        let path = endpoint.role.route.path
        let what: String
        let cure: String
        if !path.raw.starts(with: "/") || !PathPattern(path).isValid {
            what = "has the path '\(path)', which cannot be served"
            cure =
                "must begin it with a slash, and write each variable as a segment such as '{id}', with a name of its "
                + "own of letters, digits and '_'"
        } else if case .json = endpoint.role.body, endpoint.role.admissionRule.scope == nil {
            what = "reads JSON at the path '\(path)', although it is not for access tokens"
            cure = "must use the body '.form', or admit callers by 'Admission.bearer'"
        } else if handler(of: endpoint) == nil {
            what = "serves the path '\(path)' to callers that this server does not know"
            cure = "must use a caller and an admission of the kit"
        } else {
            return nil
        }
        return ConfigurationProblem(
            at: [.key("plugins")], key: true, "an endpoint of the plugin '\(endpoint.plugin)' \(what)",
            note: .text("its author \(cure)"))
    }
}
