// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Logout

@Suite("URLs that clients register", .timeLimit(.minutes(10)))
struct RegisteredAddressTests {
    private func server(_ uri: String, _ plugins: [PluginSetup] = Plugins.all) async throws -> TestServer {
        var client = Demo.house
        client["auth"] = ["authorization_code": ["redirect_uri": .string(uri)]]
        return try await Demo.server(plugins, clients: [client])
    }

    @Test(
        "a redirect URI whose query contains a response parameter is not registered",
        .clause("RFC 6749 section 4.1.2"),
        arguments: [
            "state=x", "code=stale", "iss=x", "error=x", "error_description=", "error_uri", "access_token=x",
            "token_type=x", "expires_in=1", "scope=x", "id_token=x", "refresh_token=x", "response=x", "a=1&state=2",
            "a=1;code=2", "st%61te=x", "%73%74%61%74%65=x", "st%61te", "&&state", "a=1&&c%6Fde=1",
        ])
    func clash(_ query: String) async throws {
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await server("https://app.example.com/cb?\(query)")
        }
        #expect(error?.message.contains("which responses carry too") == true, "\(error?.message ?? "")")
    }

    @Test(
        "added parameters can be read from a query, whatever the query ends with",
        arguments: [
            ("", "?code=1"), ("?", "?code=1"), ("?a=b", "?a=b&code=1"), ("?a=b?", "?a=b?&code=1"),
            ("?a=b&", "?a=b&code=1"),
            ("??", "??&code=1"), ("?&", "?&code=1"), ("?next=/x?", "?next=/x?&code=1"),
        ])
    func added(_ query: String, _ expected: String) throws {
        let address = try WebAddress("https://app.example.com/cb\(query)")
        #expect(address.adding([("code", "1")]) == "https://app.example.com/cb\(expected)")
    }

    @Test(
        "any other query is left unchanged",
        arguments: [
            "", "a=b%3Dc%26d&e", "x=1;y=2", "State=1", "states=1", "q=state", "q=a+b%20c&q=2", "%zz=1", "%", "=state",
            "stat%65%00=1",
        ])
    func keeps(_ query: String) async throws {
        let uri = "https://app.example.com/cb?\(query)"
        let server = try await server(uri)
        let landed = await Browser(server).authorize(Demo.request([("client_id", "house"), ("redirect_uri", uri)]))
        #expect(landed.heading == "Sign in")
    }

    @Test("a response with an undeclared parameter is not sent to a redirect URI that already contains it")
    func undeclared() async throws {
        let server = try await server("https://app.example.com/cb?color=red")
        let registered = try #require(server.core.generation?.clients["house"])
        let redirect = try #require(registered.redirects.values.first?.first)
        let generation = try #require(server.core.generation)
        func answer(_ mode: ResponseMode, _ name: String) throws -> ServerResponse {
            let destination = AuthorizationDestination(client: registered, redirect: redirect, mode: mode, state: "s")
            return try AuthorizationResponder(core: server.core, generation: generation).answer(
                [(name, "blue")], to: destination)
        }
        #expect(throws: ClashingParameter.self) { try answer(.query, "color") }
        #expect(try answer(.query, "colour").status == 303)
        #expect(try answer(.fragment, "color").status == 303, "the fragment has names of its own")
    }

    /// URLs near the edge of the rule, combined from parts that have been used in attacks.
    static let addresses: [String] = {
        let schemes = [
            "https:", "http:", "HTTPS:", "myapp:", "com.example.app:", "a.b+c-d:", "1a.b:", ".a:", "javascript:",
            "tel:",
        ]
        let hosts = [
            "", "//", "//a.example", "//A.example", "//[::1]", "//[::1]:80", "//127.0.0.1:0", "//a:65536", "//a:080",
            "//a:",
            "//-a", "//a.", "//u@a", "//a_b", "//[g]", "//[]", "/", "//a\\b", "//ä",
        ]
        let rests = [
            "", "/", "/a/../b", "/a/%2E%2e/b", "/.", "/a b", "/a#b", "?x=1", "/?a=/../", "/\"", "/x;y", "/\u{301}",
        ]
        return schemes.flatMap { scheme in hosts.flatMap { host in rests.map { "\(scheme)\(host)\($0)" } } }
    }()

    @Test("the same rule decides where a browser may be redirected after a sign-in and after a sign-out")
    func oneRule() {
        var taken = 0
        for address in RegisteredAddressTests.addresses {
            let isRedirect = (try? RedirectURI(address)) != nil
            let isTarget = ReturnAddresses(setting: [.string(address)]) != nil
            #expect(isRedirect == isTarget, "\(address)")
            taken += isTarget ? 1 : 0
        }
        #expect(taken > 50 && taken < RegisteredAddressTests.addresses.count / 2)
    }

    @Test("a URL that a page frames or the server calls can be named in a page's policy")
    func callbacks() {
        for address in RegisteredAddressTests.addresses where CallbackAddress(setting: .string(address)) != nil {
            #expect((try? RedirectURI(address)) != nil, "\(address)")
        }
    }

    @Test(
        "a logout URL with parameters that the server adds is not registered",
        arguments: ["state=x", "st%61te=x", "a=1&state"])
    func logout(_ query: String) {
        #expect(ReturnAddresses(setting: [.string("https://a.example/out?\(query)")]) == nil)
        #expect(CallbackAddress(setting: "https://a.example/out?i%73s=x") == nil)
        #expect(CallbackAddress(setting: "https://a.example/out?sid") == nil)
        #expect(CallbackAddress(setting: "https://a.example/out?tenant=1") != nil)
    }

    @Test("a target that is long with its 'state' is reached through a page")
    func long() async throws {
        let address = "https://app.example.com/" + String(repeating: "a", count: 2000)
        let server = try await TestServer(
            clients: [Leaving.client("shop", [("post_logout_redirect_uris", [.string(address)])])], users: Demo.users,
            passwords: CountingPasswords())
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let state = String(repeating: "&", count: 1500)
        let page = await Leaving.logout(
            browser, [("client_id", "shop"), ("post_logout_redirect_uri", address), ("state", state)])
        #expect(page.status == 200 && page.heading == "Sign out?")
        let landed = await browser.submit(page, []).header("location") ?? ""
        #expect(landed.hasPrefix("\(address)?state=%26%26"))
    }

    @Test("an origin is written as browsers send it")
    func origins() async throws {
        for (written, sent) in [
            ("https://App.example.com", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://[::1]:3000", "http://[::1]:3000"), ("http://localhost:80", "http://localhost"),
        ] {
            var client = TestServer.service
            client["allowed_origins"] = [.string(written)]
            let server = try await TestServer(clients: [client])
            #expect(server.core.generation?.origins == [sent])
        }
        for origin in [
            "https://a.example/", "https://a.example?x", "com.example.app:", "https://a.example:0",
            "https://\u{212A}.example",
        ] {
            var client = TestServer.service
            client["allowed_origins"] = [.string(origin)]
            await #expect(throws: ConfigurationError.self, "\(origin)") { _ = try await TestServer(clients: [client]) }
        }
    }
}
