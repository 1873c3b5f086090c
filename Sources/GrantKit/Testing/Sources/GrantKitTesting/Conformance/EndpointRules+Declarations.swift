// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension EndpointRules {
    private static let ofCore = ["/token", "/authorize", "/interaction"]

    static func names(_ subject: PluginUnderTest) async throws {
        let registry = try subject.registry()
        var seen: [String] = []
        for endpoint in registry.endpoints {
            let route = endpoint.route
            try path(route)
            let claim = TestPath(of: route).filled(with: "{}")
            try expect(!seen.contains(claim), "two endpoints have the path '\(route.path)': add one of them")
            seen.append(claim)
            try taken(route, registry.documents.map(\.name))
            try words(endpoint)
        }
    }

    private static func path(_ route: Route) throws {
        let names = TestPath(of: route).names
        let isPlain = route.path.utf8.allSatisfy { byte in
            Word.isLetterOrDigit(byte) || [0x2D, 0x2E, 0x2F, 0x5F, 0x7B, 0x7D, 0x7E].contains(byte)
        }
        let braces = route.path.utf8.filter { $0 == 0x7B || $0 == 0x7D }.count
        let areNames = names.allSatisfy(isName) && Set(names).count == names.count && braces == names.count * 2
        try expect(
            isPlain && areNames && route.path.utf8.first == UInt8(ascii: "/"),
            "the path '\(route.path)' cannot be served: begin it with a slash, use letters, digits, '-', '.', '_' and "
                + "'~', and write each variable as a segment such as '{id}' with a name of its own")
    }

    private static func taken(_ route: Route, _ documents: [String]) throws {
        let first = route.path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        let name = String(decoding: first, as: UTF8.self)
        let isTaken =
            switch route.base {
            case .endpoints: ofCore.contains(route.path)
            case .issuer: ["auth", "health", "metrics", ".well-known"].contains(name)
            default: (["oauth-authorization-server", "jwks.json"] + documents).contains(name)
            }
        try expect(!isTaken, "the server itself uses the path '\(route.path)': choose another one")
    }

    private static func words(_ endpoint: any Endpoint) throws {
        let methods = endpoint.route.methods
        try expect(
            !methods.isEmpty,
            "the route '\(endpoint.route.path)' has no methods, so nothing reaches it: add one, such as 'GET'")
        for method in methods {
            let isUpper = !method.isEmpty && method.utf8.allSatisfy { 0x41...0x5A ~= $0 }
            try expect(isUpper, "the method '\(method)' must be in upper case, such as 'GET'")
        }
        for name in endpoint.parameters.map(\.name) {
            try Word.check(name, "parameter")
            try expect(
                !EndpointCase.taken(by: endpoint).contains(name),
                "the server reads the parameter '\(name)' itself and never passes it on: choose another name")
        }
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { Word.isLetterOrDigit($0) || $0 == 0x5F }
    }
}
