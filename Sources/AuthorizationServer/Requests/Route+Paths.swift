// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension Route {
    /// What stands before a variable segment, up to the slash; nil where no segment varies.
    var stem: String? {
        guard path.utf8.last == UInt8(ascii: "}") else { return nil }
        return path.raw.cut(atLast: "{")?.before.string
    }

    /// What a request has for the variable segment, decoded (RFC 3986 section 2.1).
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    func segment(of path: String) throws -> String? {
        guard stem != nil else { return nil }
        let bytes = Array(path.utf8)
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        // In a path a plus sign stands for itself.
        let literal = bytes[start...].flatMap { $0 == UInt8(ascii: "+") ? Array("%2B".utf8) : [$0] }
        return try FormBody.decode(literal[...])
    }
}

extension Generation {
    /// What is served at the path of a request.
    func target(_ path: String) -> RouteTarget? {
        if let fixed = routes[exactly: path] { return fixed }
        guard !variableRoutes.isEmpty, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let start = path.utf8.index(after: slash)
        return start == path.utf8.endIndex ? nil : variableRoutes[exactly: String(path[..<start])]
    }
}

/// Finds paths that something else is served at.
enum Routing {
    /// Below the issuer itself stand the base paths, what is well known, and what monitoring asks for.
    static func problems(_ settings: ServerSettings, _ capabilities: Capabilities) -> [ConfigurationProblem] {
        let own = [settings.basePath] + settings.aliasPaths + ["/.well-known", "/health", "/metrics"]
        let routes =
            capabilities.endpoints.map(\.route) + capabilities.resourceEndpoints.map(\.route)
            + capabilities.browserEndpoints.map(\.route)
        return routes.filter(\.isAtRoot).compactMap { route in
            guard let taken = own.first(where: { "\($0)/".raw.starts(with: first(route)) }) else { return nil }
            return ConfigurationProblem(
                at: [.key("plugins")], key: true,
                "a plugin serves the path '\(route.path)', which is that of '\(taken)'",
                note: .text("change the paths of this server, or do not load the plugin"))
        }
    }

    private static func first(_ route: Route) -> String {
        "/\(route.path.raw.dropFirst().up(to: "/").string)/"
    }
}
