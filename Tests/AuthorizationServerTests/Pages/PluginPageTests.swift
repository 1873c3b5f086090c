// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A plugin with one page, and a form on it.
private struct Notice: Plugin, Endpoint {
    static let manifest = PluginManifest(id: "notice", summary: "", specification: "")
    let settings: [String]
    let route = Route(["GET", "POST"], "/notice")
    let admission = Admission.browser()
    let parameters = [ParameterDeclaration("word", longest: 16)]

    init(settings: Settings, host: any PluginHost) throws {
        self.settings = [
            settings.read("page", default: "notice", ""),
            settings.read("template", default: "{{> head}}{{word}}{{> foot}}", ""),
            settings.read("language", default: "en", ""), settings.read("text", default: "notice_title", ""),
            settings.read("value", default: "more", ""),
        ]
    }

    func register(in registry: inout Registry) {
        registry.add(endpoint: self)
        registry.add(page: settings[0], template: settings[1], texts: [settings[2]: [settings[3]: "A notice"]])
    }

    func respond(to request: EndpointRequest<UserSession?>) async throws -> EndpointResponse {
        request.isSubmitted
            ? EndpointResponse(["word": .string(request.parameters["word"] ?? "")])
            : .page(
                Page(
                    "notice",
                    .object([
                        .init("word", .string(request.parameters["word"] ?? "")), .init(settings[4], "its own"),
                    ])))
    }
}

@Suite("Plugins add pages and serve browsers", .timeLimit(.minutes(10)))
struct PluginPageTests {
    private static func server(_ settings: JSON = [:]) async throws -> TestServer {
        try await Demo.server(Plugins.all + [.init(Notice.self, settings)])
    }

    @Test("a plugin's page is rendered like the server's own, and its values are escaped")
    func renders() async throws {
        let page = await Browser(try await Self.server()).open("/auth/notice?word=%3Cb%3E")
        #expect(page.status == 200 && page.heading == "A notice" && page.html.contains("&lt;b&gt;"))
        #expect(page.header("content-security-policy")?.contains("default-src 'none'") == true)
        #expect(page.header("x-frame-options") == "DENY" && page.header("cache-control") == "no-store")
    }

    @Test(
        "a value with a name that the server uses itself is refused, and the log says which and why",
        arguments: [
            "text", "lang", "dir", "action", "csrf", "state", "issuer_host", "frames", "has_frames", "style", "script",
            "frames_script",
        ])
    func reserved(_ name: String) async throws {
        let server = try await Self.server(["value": .string(name)])
        let page = await Browser(server).open("/auth/notice?word=a")
        #expect(page.status == 500 && page.heading == "Something went wrong on this server")
        let said = "the page 'notice' has a value named '\(name)', which the server sets itself: rename it"
        #expect(server.log.lines.contains { $0.contains(said) }, "\(server.log.lines)")
    }

    @Test(
        "parameters from browsers have limits like all others", arguments: ["word=12345678901234567", "word=a&word=b"])
    func bounded(_ query: String) async throws {
        let page = await Browser(try await Self.server()).open("/auth/notice?\(query)")
        #expect(page.status == 400 && page.heading == "This did not work")
    }

    @Test(
        "an unusable page prevents the start",
        arguments: [
            (["page": "sign_in", "text": "sign_in_x"], "is the name of one of the server's own pages"),
            (["template": "{{#open}}"], "the page 'notice'"), (["language": "de"], "without English strings"),
            (["text": "password"], "adds the string 'password'"),
            (["page": "logout", "text": "logout_x"], "adds the page 'logout', which plugin 'logout' adds too"),
        ] as [(JSON, String)])
    func refused(_ settings: JSON, _ message: String) async throws {
        let error = await #expect(throws: ConfigurationError.self) { _ = try await Self.server(settings) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
