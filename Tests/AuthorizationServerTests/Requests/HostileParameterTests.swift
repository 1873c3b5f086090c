// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText
import Support
import Testing

@testable import AuthorizationServer

@Suite("Text from outside means what its bytes say, everywhere", .timeLimit(.minutes(10)))
struct HostileParameterTests {
    private static let plugins = Plugins.discouraged

    private func server() async throws -> (TestServer, Generation) {
        var client = Demo.house
        client["grant_types"] = ["code", "client_credentials", "refresh_token", "password"]
        let server = try await Demo.server(Self.plugins, clients: [client])
        return (server, try await server.generation(Self.plugins, clients: [client], users: Demo.users))
    }

    /// The essence of a response, for comparison.
    private func gist(_ answer: Answer) -> String {
        // The query may be sealed, and then differs each time.
        let headers = answer.headers.filter { $0.name == "location" || $0.name == "www-authenticate" }
            .map { $0.value.raw.up(to: "?").string }
        let isClean = answer.headers.allSatisfy { header in !header.value.utf8.contains { $0 < 0x20 || $0 == 0x7F } }
        #expect(isClean, "a header holds a control character: \(answer.headers)")
        return "\(answer.status) \(answer.error ?? "") \(answer["error_description"] ?? "") \(headers) "
            + (answer.heading ?? "")
    }

    /// The variants of a name that can occur in a form.
    private func variants(_ name: String) -> [String] {
        Hostile.variants(of: name).filter { !$0.utf8.contains(0) }
    }

    // MARK: names

    @Test("a name that only resembles a parameter's is not that parameter, at the token endpoint")
    func tokenNames() async throws {
        let (server, generation) = try await server()
        for grant in generation.tokenGrants {
            let form = [("grant_type", grant.declaration.wire)]
            let plain = gist(await server.post("/auth/token", form, as: ("house", Demo.secret)))
            let names =
                grant.parameters.map(\.name) + ["grant_type", "scope", "audience", "client_id", "client_secret"]
            for variant in names.flatMap(variants) {
                let answer = await server.post("/auth/token", form + [(variant, "x")], as: ("house", Demo.secret))
                // A granted token differs each time.
                #expect(gist(answer) == plain, "\(grant.declaration.wire): \(variant.debugDescription)")
            }
        }
    }

    @Test("a name that only resembles a parameter's is not that parameter, at the authorization endpoint")
    func authorizationNames() async throws {
        let (server, generation) = try await server()
        let declared = (generation.flows.flatMap(\.parameters) + generation.filterParameters).map(\.name)
        let standard = ["response_type", "client_id", "redirect_uri", "response_mode", "scope", "state", "audience"]
        let request = Demo.request([("client_id", "house")])
        let plain = await Browser(server).authorize(request)
        #expect(plain.heading == "Sign in")
        for variant in Set(declared + standard).sorted().flatMap(variants) {
            let page = await Browser(server).authorize(request + [(variant, "x")])
            #expect(page.heading == "Sign in", "\(variant.debugDescription): \(gist(page))")
        }
    }

    @Test("a name that only resembles a parameter's is not that parameter, at every other endpoint")
    func otherNames() async throws {
        let (server, generation) = try await server()
        let capabilities = generation.capabilities
        let places = capabilities.endpoints.map { ($0.role.route, $0.role.parameters) }
        #expect(places.count > 4)
        for (route, parameters) in places {
            let path = route.base == .endpoints ? "/auth\(route.path)" : route.pathBelowBase
            let plain = gist(await server.post(path, [], as: ("house", Demo.secret)))
            for variant in parameters.map(\.name).flatMap(variants) {
                let answer = await server.post(path, [(variant, "x")], as: ("house", Demo.secret))
                #expect(gist(answer) == plain, "\(path): \(variant.debugDescription)")
            }
        }
    }

    // MARK: values

    @Test("a value that only resembles a grant type, a response type, a client or a URL is not accepted")
    func values() async throws {
        let (server, generation) = try await server()
        for wire in generation.tokenGrants.map(\.declaration.wire).flatMap(Hostile.variants) {
            let answer = await server.post("/auth/token", [("grant_type", wire)], as: ("house", Demo.secret))
            let error = wire.utf8.contains(0) ? "invalid_request" : "unsupported_grant_type"
            #expect(answer.error == error, "\(wire.debugDescription)")
        }
        for variant in variants("house") {
            let page = await Browser(server).authorize(Demo.request([("client_id", variant)]))
            #expect(page.status == 400 && page.header("location") == nil, "\(variant.debugDescription)")
            let answer = await server.post(
                "/auth/token", [("grant_type", "client_credentials")], as: (variant, Demo.secret))
            #expect(answer.error == "invalid_client", "\(variant.debugDescription)")
        }
        for variant in variants(Demo.callback) {
            let page = await Browser(server).authorize(
                Demo.request([("client_id", "house"), ("redirect_uri", variant)]))
            #expect(page.status == 400 && page.header("location") == nil, "\(variant.debugDescription)")
        }
        for (name, word) in [
            ("response_type", "code"), ("scope", "openid"), ("code_challenge_method", "S256"), ("prompt", "none"),
            ("response_mode", "query"),
        ] {
            for variant in variants(word) {
                let answer = await Browser(server).authorize(
                    Demo.request([("client_id", "house"), (name, variant)]))
                #expect(answer.query["error"] != nil, "\(name): \(variant.debugDescription) \(gist(answer))")
                #expect(answer.query["error"] != "login_required", "\(name): \(variant.debugDescription)")
            }
        }
    }

    @Test("'state' is returned byte for byte", arguments: Hostile.marks.filter { $0 != "\u{0}" })
    func state(_ mark: String) async throws {
        let (server, _) = try await server()
        for state in ["a\(mark)b", "\(mark)", "\(mark)&x=\(mark)", "\(mark)\"'<>"] {
            let refused = await Browser(server).authorize(
                Demo.request([("client_id", "house"), ("prompt", "none"), ("state", state)]))
            #expect(Array((refused.query["state"] ?? "").utf8) == Array(state.utf8), "\(state.debugDescription)")
            let granted = await server.code([("state", state)])
            #expect(Array((granted.query["state"] ?? "").utf8) == Array(state.utf8), "\(state.debugDescription)")
        }
    }

    @Test("identifiers match by bytes alone, even where Swift's own comparison finds others equal")
    func lookalikes() async throws {
        let id = "K;`"
        let client: JSON = [
            "id": .string(id), "secret": .string(Demo.secret), "grant_types": ["client_credentials"],
            "scope": [.string(id)],
        ]
        let server = try await TestServer(Self.plugins, clients: [client])
        let grant = [("grant_type", "client_credentials")]
        #expect(await server.post("/auth/token", grant, as: (id, Demo.secret)).status == 200)
        #expect(Hostile.lookalikes(of: id).count == 3)
        for other in Hostile.lookalikes(of: id) {
            #expect([other] == [id], "Swift takes them for one")
            #expect(await server.post("/auth/token", grant, as: (other, Demo.secret)).error == "invalid_client")
            let scoped = await server.post("/auth/token", grant + [("scope", other)], as: (id, Demo.secret))
            #expect(scoped.error == "invalid_scope")
        }
    }

    @Test("a member of an object is found by the bytes of its name, and look-alikes are different members")
    func members() throws {
        let json = try JSON(parsing: "{\"\u{212A}\":1,\"K\":2,\"\u{E9}\":3,\"e\u{301}\":4}")
        #expect(json["K"] == 2 && json["\u{212A}"] == 1 && json["e\u{301}"] == 4)
        #expect(JSON.string("K") != JSON.string("\u{212A}") && StoreKey("c", "K") != StoreKey("c", "\u{212A}"))
        #expect(Subject.user("K") != Subject.user("\u{212A}"))
        #expect(throws: JSONError.self) { try JSON(parsing: "{\"K\":1,\"K\":2}") }
    }

    // MARK: headers

    @Test("a cookie is found whatever the other cookies contain", arguments: Hostile.marks)
    func cookies(_ mark: String) {
        let cookie = Cookie(Cookie.session, issuer: "https://id.example.com")
        func found(_ header: String) -> String? {
            cookie.value(in: RequestHead(method: "GET", path: "/", headers: [("cookie", header)]))
        }
        for other in ["x=\(mark)", "\(mark)=x", mark, "x\(mark)", "\(cookie.name)\(mark)=x", "\(mark)\(cookie.name)=x"]
        {
            #expect(found("\(other); \(cookie.name)=right") == "right", "\(other.debugDescription)")
            #expect(found("\(cookie.name)=right;\(other)") == "right", "\(other.debugDescription)")
            #expect(found("\(other);\(cookie.name)=a; \(cookie.name)=b") == nil, "\(other.debugDescription)")
        }
    }

    @Test("a language tag is read whatever the other tags contain", arguments: Hostile.marks)
    func languages(_ mark: String) {
        func read(_ header: String) -> [String] {
            Languages.accepted(by: RequestHead(method: "GET", path: "/", headers: [("accept-language", header)]))
        }
        #expect(read("fr\(mark),de;q=0.5") == ["de"])
        #expect(read("\(mark),de") == ["de"])
        #expect(read("fr;\(mark)q=1,de") == ["de"])
        #expect(read("fr;q=1\(mark), de") == ["de"])
    }

    @Test("a content type and a scheme are compared as ASCII words", arguments: Hostile.marks)
    func words(_ mark: String) async throws {
        let (server, _) = try await server()
        let form = "application/x-www-form-urlencoded"
        let (body, basic) = (Array("grant_type=client_credentials".utf8), Form.basic("house", Demo.secret))
        func ask(_ type: String, _ credentials: String) async -> Answer {
            await server.send(
                "POST", "/auth/token", headers: [("content-type", type), ("authorization", credentials)], body: body)
        }
        #expect(await ask("\(form);\(mark)charset=\(mark)", basic).status == 200)
        #expect(await ask("\(form)\(mark)", basic).error == "invalid_request")
        #expect(await ask("\(mark)\(form)", basic).error == "invalid_request")
        #expect(await ask(form, "\(mark)\(basic)").error == "invalid_client")
        #expect(await ask(form, "\(basic)\(mark)").error == "invalid_client")
    }

    @Test("the user agent is stored up to 256 bytes and cut between characters", arguments: Hostile.marks)
    func agent(_ mark: String) async throws {
        let (server, _) = try await server()
        let agent = "x" + String(repeating: "a\(mark)", count: 2000)
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request([("client_id", "house")]))
        let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        let answer = await server.post(
            page.formAction ?? "", page.hidden + [("username", "ann"), ("password", Demo.password)],
            headers: [("cookie", cookies), ("user-agent", agent)])
        let set = answer.headers.map(\.value.raw).first { $0.contains(Cookie.session) }
        let id = try #require(set?.cut(at: "=")?.behind.up(to: ".").string)
        let kept = try #require(try await server.core.store.read(Session.key(id))?.value["agent"]?.string)
        #expect(254...256 ~= kept.utf8.count && agent.utf8.starts(with: kept.utf8))
    }
}
