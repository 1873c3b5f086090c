// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A page for signed-in users, which shows its parameters.
private struct Verification: Plugin, Endpoint {
    static let manifest = PluginManifest(id: "verification", summary: "", specification: "")
    let route = Route(["GET", "POST"], "/verification")
    let admission = Admission.user(takesForeignForms: true)
    let parameters = [ParameterDeclaration("user_code", longest: 64), ParameterDeclaration("state", longest: 64)]

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(endpoint: self) }

    func respond(to request: EndpointRequest<UserSession>) async throws -> EndpointResponse {
        EndpointResponse([
            "query": .string(request.head.query ?? ""), "code": .string(request.parameters["user_code"] ?? ""),
            "user": .string(request.caller.user.id),
        ])
    }
}

@Suite("A plugin's page that needs a sign-in keeps its query", .timeLimit(.minutes(10)))
struct BrowserQueryTests {
    private func server() async throws -> TestServer { try await Demo.server(Plugins.all + [.init(Verification.self)]) }

    @Test(
        "the query arrives byte for byte after the sign-in",
        arguments: [
            "user_code=WDJB-MJHT", "user_code=a%2Fb+c%20d&x=1&x=2", "user_code=", "&&", "b=%0D%0ASet-Cookie:x",
            "user_code=//evil.example/&next=https://evil.example", "state=mine&user_code=1", "user_code=%D8%80%CC%81",
            String(repeating: "x", count: 3000),
        ])
    func query(_ query: String) async throws {
        let browser = Browser(try await server())
        let page = await browser.open("/auth/verification?\(query)")
        #expect(page.heading == "Sign in")
        let again = await browser.signIn(page, "ann", "wrong")
        #expect(again.heading == "Sign in", "also after a mistake")
        let landed = await browser.signIn(again)
        #expect(landed.json["user"] == "ann" && landed["query"] == query, "\(landed.html.prefix(200))")
    }

    @Test("without a query none appears")
    func none() async throws {
        let browser = Browser(try await server())
        let landed = await browser.signIn(await browser.open("/auth/verification"))
        #expect(landed.json["user"] == "ann" && landed["query"] == "")
    }

    @Test("if another tab has signed in meanwhile, the requested page is shown")
    func anotherTab() async throws {
        let browser = Browser(try await server())
        let first = await browser.open("/auth/verification?user_code=one")
        let second = await browser.open("/auth/verification?user_code=two")
        #expect(await browser.signIn(first)["code"] == "one")
        #expect(await browser.signIn(second)["code"] == "two")
    }

    @Test("a form of another site is treated like a link, even before the sign-in")
    func foreignForm() async throws {
        let browser = Browser(try await server())
        let page = await browser.post("/auth/verification", [("user_code", "posted")])
        #expect(page.heading == "Sign in")
        #expect(await browser.signIn(page)["code"] == "posted")
    }

    @Test("a state of another page or browser does not lead elsewhere")
    func otherState() async throws {
        let server = try await server()
        let browser = Browser(server)
        let page = await browser.open("/auth/sessions?x=1")
        let state = page.hidden.first { $0.0 == "state" }?.1 ?? ""
        let moved = await browser.open("/auth/verification?state=\(Form.encode(state))")
        #expect(moved.status == 400 && moved.header("location") == nil)
        let other = Browser(server)
        _ = await other.signIn(await other.open("/auth/verification"))
        let landed = await other.open("/auth/verification?state=\(Form.encode(state))")
        #expect(landed.json["user"] == "ann" && landed["query"] == "")
    }
}
