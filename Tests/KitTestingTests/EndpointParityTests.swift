// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
@_spi(Host) import GrantKitTesting
import Support
import Testing

/// Endpoints that do what the request says.
private struct ObedientEndpoints: Plugin {
    static let manifest = PluginManifest(id: "obedient", summary: "does what it is told", specification: "")
    static let parameters = [
        ParameterDeclaration("do", longest: 20), ParameterDeclaration("key", repeatable: true),
        ParameterDeclaration("needed", required: true),
    ]

    let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("obedient"))
        registry.add(endpoint: ForClients(host: host))
        registry.add(endpoint: ForTokens(host: host))
        registry.add(endpoint: ForUsers(host: host))
        registry.add(endpoint: ForEverybody(host: host))
        registry.add(
            page: "obedient",
            template: """
                {{> head}}
                <form method="post" action="{{action}}"><input type="hidden" name="csrf" value="{{csrf}}"></form>
                {{> foot}}
                """, texts: ["en": ["obedient_title": "Obedient"]])
    }

    struct ForClients: Endpoint {
        let host: any PluginHost
        let route = Route(["POST"], "/obey")
        let admission = Admission.client(.confidential)
        let parameters = ObedientEndpoints.parameters

        func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
            try await obey(request.parameters, host)
        }
    }

    struct ForTokens: Endpoint {
        let host: any PluginHost
        let route = Route(["GET", "PUT"], "/obey/{id}/{part}", below: .issuer)
        let admission = Admission.bearer(["read"])
        let body = BodyKind.json()

        func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
            var members = request.document?.members ?? []
            members += request.variables.all.map { JSON.Member($0.name, .string($0.value)) }
            return EndpointResponse(.object(members))
        }
    }

    struct ForUsers: Endpoint {
        let host: any PluginHost
        let route = Route(["GET"], "/mine")
        let admission = Admission.user()

        func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
            .page(Page("obedient"))
        }
    }

    struct ForEverybody: Endpoint {
        let host: any PluginHost
        let route = Route(["GET", "POST"], "/look")
        let admission = Admission.browser()
        let parameters = [ParameterDeclaration("do", longest: 20), ParameterDeclaration("key")]

        func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
            try await obey(request.parameters, host)
        }
    }
}

private func obey(_ parameters: Parameters, _ host: any PluginHost) async throws -> EndpointResponse {
    let key = StoreKey("obedient", parameters["key"] ?? "k")
    let record = StoreRecord(key, [:], expiresAt: host.now + .seconds(60))
    switch parameters["do"] {
    case "json": return EndpointResponse(["done": true], status: 202)
    case "nothing": return EndpointResponse(nil, status: 204)
    case "reserved": return .page(Page("obedient", ["state": "x"]))
    case "strange page": return .page(Page("elsewhere"))
    case "redirect": return .redirect("/auth/mine")
    case "bad redirect": return .redirect("/auth/mine too")
    case "file": return .file([1, 2], mediaType: "image/png")
    case "bad file": return .file([1, 2], mediaType: "image/png\n")
    case "status": return EndpointResponse([:], status: 42)
    case "interaction": return .interaction("elsewhere", context: [:])
    case "create": return EndpointResponse([:], status: 201, writes: [.create(record)])
    case "twice": return EndpointResponse([:], writes: [.create(record), .delete(key)])
    case "undeclared": return EndpointResponse([:], writes: [.delete(StoreKey("elsewhere", "k"))])
    case "replace": return EndpointResponse([:], writes: [.replace(record, ifVersion: 77)])
    case "store error": throw StoreError("down")
    case "own error": throw CancellationError()
    case "refuse": throw OAuthError(.accessDenied, "told so", status: 409)
    case "slow down": throw OAuthError.tooManyRequests(retryAfter: .seconds(1))
    default:
        let values = parameters["key"].map { JSON.object([JSON.Member($0, "x")]) }
        return .page(Page("obedient", values ?? [:]))
    }
}

@Suite("A test host serves endpoints like the server", .timeLimit(.minutes(10)))
struct EndpointParityTests {
    private static let client: JSON = [
        "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
        "scope": ["read", "write"],
    ]

    private func server() async throws -> TestServer {
        try await TestServer(
            Plugins.all + [PluginSetup(ObedientEndpoints.self)], clients: [EndpointParityTests.client],
            users: Demo.users)
    }

    /// What a caller sees of a request to a test host.
    private func outcome(_ send: () async throws -> TestAnswer) async -> String {
        do {
            let answer = try await send()
            return EndpointParityTests.sketch(answer.status, answer.headers, answer.json)
        } catch let error as OAuthError {
            return "\(EndpointParityTests.status(of: error))"
        } catch is StoreError {
            return "503"
        } catch {
            return "500"
        }
    }

    private static func sketch(_ status: Int, _ headers: [(name: String, value: String)], _ json: JSON?) -> String {
        guard status < 400 else { return "\(status)" }
        let shown = headers.filter { ["cache-control", "content-type", "location"].contains($0.name) }
        return "\(status) \(shown.map { "\($0.name): \($0.value)" }.sorted()) \(json?.text ?? "")"
    }

    private static func sketch(_ answer: Answer) -> String {
        sketch(answer.status, answer.headers, answer.json == .null ? nil : answer.json)
    }

    private static func status(of error: OAuthError) -> Int {
        if let status = error.status { return status }
        switch error.code {
        case .invalidClient, .invalidToken: return 401
        case .insufficientScope: return 403
        case .serverError: return 500
        case .temporarilyUnavailable: return 503
        default: return 400
        }
    }

    private static let deeds = [
        "json", "nothing", "", "reserved", "redirect", "file", "bad file", "status", "interaction", "create", "create",
        "twice", "undeclared", "replace", "store error", "own error", "refuse", "slow down", "a deed with a long name",
    ]

    @Test("clients get the same responses")
    func clients() async throws {
        let server = try await server()
        let plugin = try await TestHost().load(ObedientEndpoints.self)
        let forms = EndpointParityTests.deeds.map { [("needed", "n"), ("do", $0)] }
        let more = [
            [("do", "json")], [("needed", "n"), ("do", "json"), ("do", "json")],
            [("needed", "n"), ("do", "create"), ("key", "a"), ("key", "b"), ("unknown", "x")],
        ]
        for form in forms + more {
            let real = await server.post("/auth/obey", form, as: ("service", TestServer.serviceSecret))
            let test = await outcome { try await plugin.call("POST", "/auth/obey", Parameters(form)) }
            #expect(test == EndpointParityTests.sketch(real), "\(form)")
        }
        let real = await server.send("GET", "/auth/obey")
        let test = await outcome { try await plugin.call("GET", "/auth/obey") }
        #expect(test == EndpointParityTests.sketch(real))
    }

    @Test("holders of tokens get the same responses")
    func tokens() async throws {
        let server = try await server()
        let plugin = try await TestHost().load(ObedientEndpoints.self)
        for scope in ["read", "write"] {
            let token = await server.token([("scope", scope)])["access_token"] ?? ""
            let bearer = TestCaller.bearer(try await plugin.bearer(scope: Scope([scope])))
            for path in ["/obey/a/b", "/obey/a%20b/%C3%A9+", "/obey/%00/b", "/obey/%zz/b", "/obey/a", "/obey//b"] {
                let headers: [(name: String, value: String)] = [
                    ("authorization", "Bearer \(token)"), ("content-type", "application/json"),
                ]
                let real = await server.send("PUT", path, headers: headers, body: Array(#"{"c":1}"#.utf8))
                let test = await outcome { try await plugin.call("PUT", path, as: bearer, document: ["c": 1]) }
                #expect(test == EndpointParityTests.sketch(real), "\(path)")
            }
        }
        let real = await server.send("PUT", "/obey/a/b")
        let test = await outcome { try await plugin.call("PUT", "/obey/a/b", as: .browser(nil)) }
        #expect(test == EndpointParityTests.sketch(real))
    }

    @Test("browsers get the same responses to forms and links", arguments: ["GET", "POST", "HEAD"])
    func browsers(_ method: String) async throws {
        let server = try await server()
        let plugin = try await TestHost().load(ObedientEndpoints.self)
        let browser = Browser(server)
        let page = await browser.open("/auth/look")
        for deed in EndpointParityTests.deeds + ["strange page", "bad redirect"] {
            let query = "do=\(Form.encode(deed))"
            let real =
                method == "POST"
                ? await browser.postOnly("/auth/look", page.hidden + [("do", deed)])
                : await server.send(method, "/auth/look", query: query)
            let test = await outcome { try await plugin.call(method, "/auth/look", ["do": deed]) }
            #expect(test == EndpointParityTests.sketch(real), "\(method) \(deed)")
        }
    }

    @Test("a form of another site and a browser without a session are not let in")
    func strangers() async throws {
        let server = try await server()
        let plugin = try await TestHost().load(ObedientEndpoints.self)
        var foreign = TestCall("POST", "/auth/look", ["do": "create"])
        foreign.comesFromOtherSite = true
        let call = foreign
        let real = await server.post("/auth/look", [("do", "create")])
        let test = await outcome { try await plugin.call(call) }
        #expect(test == EndpointParityTests.sketch(real))
        let signIn = await server.send("GET", "/auth/mine")
        #expect(signIn.heading == "Sign in")
        let error = await #expect(throws: OAuthError.self) {
            _ = try await plugin.call("GET", "/auth/mine", as: .browser(nil))
        }
        #expect(error?.code.rawValue == "login_required")
    }

    @Test("values of pages have the same names")
    func values() async throws {
        let server = try await server()
        let plugin = try await TestHost().load(ObedientEndpoints.self)
        for name in ServerPages.values + ["title", "client", "who"] {
            let real = await server.send("GET", "/auth/look", query: "key=\(name)")
            let test = await outcome { try await plugin.call("GET", "/auth/look", ["key": name]) }
            #expect(test == EndpointParityTests.sketch(real), "\(name)")
            #expect((real.status == 500) == ServerPages.values.contains(name), "\(name)")
        }
    }

    @Test("what a host knows of the server's pages is what the server has")
    func pages() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.deletingLastPathComponent().appending(path: "Sources/ServerHTTP/Pages")
        let texts = try JSON(parsing: Array(Data(contentsOf: folder.appending(path: "text/en.json"))))
        #expect(Set(texts.members.map(\.name)) == Set(ServerPages.texts))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let names = files.filter { $0.hasSuffix(".mustache") }.map { String($0.dropLast(9)) }
        #expect(Set(names) == Set(ServerPages.names))
        #expect(ServerPages.shown.allSatisfy { names.contains($0) })
    }
}
