// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A plugin with endpoints at the paths of its settings, each of which responds with its path and its variables.
private struct Mapped: Plugin {
    static let manifest = PluginManifest(id: "mapped", summary: "", specification: "")
    private let paths: [String]
    private let base: String
    private let readsJSON: Bool
    private let isForStrangers: Bool

    init(settings: Settings, host: any PluginHost) {
        paths = settings.read("paths", default: [], "the paths")
        base = settings.read("base", default: "endpoints", "what they are below")
        readsJSON = settings.read("json", default: false, "whether they read JSON")
        isForStrangers = settings.read("strangers", default: false, "whether callers have a type of the plugin")
    }

    func register(in registry: inout Registry) {
        let bases: [String: Route.Base] = ["endpoints": .endpoints, "issuer": .issuer, "well-known": .wellKnown]
        for path in paths {
            let route = Route(["GET"], path, below: bases[base] ?? .endpoints)
            registry.add(endpoint: Place(route: route, body: readsJSON ? .json() : .form))
        }
        if isForStrangers { registry.add(endpoint: Forged()) }
    }

    struct Stranger: Caller {}

    /// The kit makes no admission for this caller, so it is made of another by force.
    struct Forged: Endpoint {
        let route = Route(["GET"], "/forged")
        let admission = unsafeBitCast(Admission<Client>.client(.confidential), to: Admission<Stranger>.self)

        func respond(to request: EndpointRequest<Stranger>) async throws -> EndpointResponse { EndpointResponse([:]) }
    }

    struct Place: Endpoint {
        let route: Route
        let body: BodyKind
        let admission = Admission.browser()

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            _ = request.variables["typo"]
            let values = request.variables.all.map { JSON.Member($0.name, .string($0.value)) }
            return EndpointResponse(["path": .string(route.path), "values": .object(values)])
        }
    }
}

@Suite("The routes of plugins", .timeLimit(.minutes(10)))
struct RouteTests {
    private static func server(_ settings: JSON, issuer: String = "https://id.example.com") async throws -> TestServer {
        try await TestServer(Plugins.all + [.init(Mapped.self, settings)], issuer: issuer)
    }

    private static let paths: JSON = [
        "/things/{id}", "/things/all", "/{kind}/{id}/parts/first", "/things/{id}/parts/{part}",
        "/things/all/parts/{part}",
    ]

    @Test(
        "a segment without a variable comes before one with a variable, and values are decoded",
        arguments: [
            ("/things/all", "/things/all", [:]), ("/things/al", "/things/{id}", ["id": "al"]),
            ("/things/al%6C", "/things/{id}", ["id": "all"]),
            ("/things/a+b%2Fc%20d", "/things/{id}", ["id": "a+b/c d"]),
            ("/things/{id}", "/things/{id}", ["id": "{id}"]),
            ("/things/all/parts/1", "/things/all/parts/{part}", ["part": "1"]),
            ("/things/7/parts/first", "/things/{id}/parts/{part}", ["id": "7", "part": "first"]),
            ("/other/7/parts/first", "/{kind}/{id}/parts/first", ["kind": "other", "id": "7"]),
        ] as [(String, String, JSON)])
    func matches(_ path: String, _ pattern: String, _ values: JSON) async throws {
        let server = try await Self.server(["paths": Self.paths])
        for base in ["/auth", "/oauth2"] {
            let answer = await server.send("GET", base + path)
            #expect(answer.json["path"]?.string == pattern && answer.json["values"] == values, "\(answer.json)")
        }
    }

    @Test(
        "nothing else matches",
        arguments: [
            "/things", "/things/", "//things/7", "/things//", "/things/7/", "/things/7/parts", "/things/7/parts/",
            "/things//parts/1", "/things/7/parts/1/2", "/Things/7", "/thing\u{73}\u{301}/7", "/things/7/first",
        ])
    func unknown(_ path: String) async throws {
        let server = try await Self.server(["paths": Self.paths])
        #expect(await server.send("GET", "/auth\(path)").status == 404)
    }

    @Test("a value that cannot be decoded is refused", arguments: ["%", "%zz", "%00", "%ff"])
    func malformed(_ value: String) async throws {
        let server = try await Self.server(["paths": Self.paths])
        #expect(await server.send("GET", "/auth/things/\(value)").status == 400)
    }

    @Test("a variable that the path does not have is reported to the log once")
    func typo() async throws {
        let server = try await Self.server(["paths": ["/things/{id}"]])
        for id in 1...3 { #expect(await server.send("GET", "/auth/things/\(id)").status == 200) }
        let lines = server.log.lines.filter { $0.contains("'typo'") }
        #expect(lines.count == 1 && lines.first?.contains("add it to its route") == true, "\(lines)")
    }

    @Test("a path below the issuer is nowhere else, and a well-known one is at the root of the origin too")
    func bases() async throws {
        for (base, found) in [
            ("endpoints", ["/tenant/auth/here", "/tenant/oauth2/here"]), ("issuer", ["/tenant/here"]),
            ("well-known", ["/tenant/.well-known/here", "/.well-known/here"]),
        ] {
            let server = try await Self.server(
                ["paths": ["/here"], "base": .string(base)], issuer: "https://id.example.com/tenant")
            for path in [
                "/tenant/auth/here", "/tenant/oauth2/here", "/tenant/here", "/here", "/tenant/.well-known/here",
                "/.well-known/here", "/.well-known/here/tenant",
            ] {
                #expect(await server.send("GET", path).status == (found.contains(path) ? 200 : 404), "\(base) \(path)")
            }
        }
    }

    // MARK: mistakes

    private func message(_ settings: JSON) async throws -> String {
        let error = await #expect(throws: ConfigurationError.self) { try await Self.server(settings) }
        return error?.message ?? ""
    }

    @Test("two paths that differ only in the names of variables are one path")
    func conflict() async throws {
        let message = try await message(["paths": ["/a/{x}/b", "/a/{y}/b"]])
        #expect(message.contains("plugin 'mapped' adds the path '/a/{}/b' twice"))
    }

    @Test(
        "a path that cannot be served prevents the start",
        arguments: ["/a/{b", "/a/b}", "/a/{b}c", "/a/{}", "/{a}/{a}", "a/b", "", "/{a b}", "/{a...}", "/{a}{b}"])
    func invalid(_ path: String) async throws {
        let message = try await message(["paths": [.string(path)]])
        #expect(message.contains("an endpoint of the plugin 'mapped' has the path '\(path)'"), "\(message)")
    }

    @Test("an endpoint that is not for access tokens cannot read JSON")
    func documents() async throws {
        let message = try await message(["paths": ["/a"], "json": true])
        #expect(message.contains("an endpoint of the plugin 'mapped' reads JSON at the path '/a'"), "\(message)")
    }

    @Test("an endpoint whose callers are not of the kit prevents the start, rather than being left out")
    func strangers() async throws {
        let message = try await message(["strangers": true])
        #expect(message.contains("serves the path '/forged' to callers that this server does not know"), "\(message)")
    }
}
