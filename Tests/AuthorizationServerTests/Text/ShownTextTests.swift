// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import OutsideText
import ServerConfiguration
import Support
import Testing

@Suite("Names on pages neither break the line nor change the direction of other text", .timeLimit(.minutes(10)))
struct ShownTextTests {
    /// The characters that no name may contain; pages may contain the last three, which HTML shows as spaces.
    private static let marks = Hostile.unshown + ["\t", "\n", "\r"]

    @Test("controls, line separators, embeddings, overrides and isolates are refused, and nothing else")
    func characters() {
        for value in UInt32(0)...0xFFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let categories: [Unicode.GeneralCategory] = [.control, .lineSeparator, .paragraphSeparator]
            let isRefused =
                categories.contains(scalar.properties.generalCategory) || 0x202A...0x202E ~= value
                || 0x2066...0x2069 ~= value
            if ShownText.isAllowed("a\(String(scalar))") == isRefused {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
    }

    @Test("in one line, each of them and each line break is a space")
    func oneLine() {
        for mark in Hostile.unshown { #expect(ShownText.onOneLine("a\(mark)b") == "a b") }
        #expect(ShownText.onOneLine("a\tb\r\nc") == "a b  c")
        #expect(ShownText.onOneLine("e\u{301}") == "e\u{301}")
    }

    @Test("text is cleaned of them; tabs and line breaks stay")
    func cleaned() {
        for mark in Hostile.unshown { #expect(ShownText.cleaned("\(mark)a\(mark)b\(mark)") == "ab") }
        for text in ["", "a\tb\r\nc", "a\u{200D}\u{FE0F}\u{200F}\u{E9}\u{301}", "<b>&\"'"] {
            #expect(Array(ShownText.cleaned(text).utf8) == Array(text.utf8))
        }
    }

    // MARK: where names enter

    private static func client(_ name: String) -> JSON {
        var client = Demo.web
        client["id"] = "new"
        client["name"] = .string(name)
        return client
    }

    private static func users(_ name: String) -> [JSON] {
        [
            ["id": "eve", "name": ["formatted": .string(name)]], ["id": "eve", "data": ["name": .string(name)]],
            ["id": "eve", "userName": .string(name)], ["id": "eve", "email": .string("\(name)@example.com")],
        ]
    }

    @Test("in the configuration and in the store a client or user with such a name is refused", arguments: marks)
    func documents(_ mark: String) async throws {
        let server = try await Demo.server()
        let client = Self.client("a\(mark)b")
        await #expect(throws: ConfigurationError.self) {
            _ = try await server.generation(Plugins.all, clients: [client])
        }
        let refusal = await #expect(throws: DocumentRefusal.self) { _ = try await server.storedClients.create(client) }
        #expect(refusal?.description.contains("'name'") == true)
        for user in Self.users("a\(mark)b") {
            await #expect(throws: ConfigurationError.self) {
                _ = try await server.generation(Plugins.all, clients: [], users: [user])
            }
            await #expect(throws: DocumentRefusal.self, "\(user)") { try await server.add(user) }
        }
    }

    /// Names in Persian, Hebrew, Arabic, Hindi, Sinhala and Malayalam, and a heart, a family and the flag of England.
    private static let written = [
        "\u{646}\u{648}\u{628}\u{62A}\u{200C}\u{647}\u{627}", "\u{200F}\u{5D3}\u{5D5}\u{5D3} (\u{5DB}\u{5D4})\u{200E}",
        "\u{61C}\u{645}\u{62D}\u{645}\u{62F}", "\u{915}\u{94D}\u{200D}\u{937}",
        "\u{DC1}\u{DCA}\u{200D}\u{DBB}\u{DD3}", "\u{D15}\u{D4D}\u{200D}", "\u{2764}\u{FE0F}",
        "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
        "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    ]

    @Test("joiners, variation selectors and the marks of right-to-left names are allowed", arguments: written)
    func harmless(_ name: String) async throws {
        let server = try await Demo.server()
        _ = try await server.generation(Plugins.all, clients: [Self.client(name)], users: [Self.users(name)[0]])
        _ = try await server.storedClients.create(Self.client(name))
        try await server.add(Self.users(name)[1])
        for line in Self.lines { #expect(!Self.isRefused(line.replacing("X", with: name)), "\(line)") }
    }

    private static let sources = ReferenceSources(
        environment: { _ in nil }, file: { _ in [] }, exposure: { _ in nil })

    /// Whether a file with a line is refused.
    private static func isRefused(_ line: String) -> Bool {
        let yaml = "issuer: http://127.0.0.1:8080\nplugins: [memory-store]\n\(line)\n"
        return Configuration.read(Array(yaml.utf8), name: "grantor.yaml", references: sources).diagnostics.hasErrors
    }

    private static let lines = [
        "pages: { name: \"aXb\" }", "pages: { name: { en: \"aXb\" } }", "scopes: { read: { title: \"aXb\" } }",
        "scopes: { read: { title: Read, detail: \"aXb\" } }",
    ]

    @Test("in the file the server's name and the strings of a scope value are refused", arguments: marks)
    func file(_ mark: String) {
        let code = mark.unicodeScalars.first.map { String($0.value, radix: 16) } ?? ""
        let escape = "\\u" + String(repeating: "0", count: 4 - code.count) + code
        for line in Self.lines {
            #expect(!Self.isRefused(line) && Self.isRefused(line.replacing("X", with: escape)), "\(line) \(escape)")
        }
    }

    @Test("in the file a name that shows nothing is refused", arguments: ["", " ", "\\u00A0", "\\u200B\\u200D"])
    func invisible(_ name: String) {
        #expect(Self.isRefused("pages: { name: \"\(name)\" }"))
    }

    // MARK: where they are shown

    /// Changes a record, as if it had been stored before names were checked.
    private func change(_ key: StoreKey, _ member: String, _ value: JSON, in server: TestServer) async throws {
        var record = try #require(try await server.core.store.read(key))
        var document = try #require(record.value["document"])
        document[member] = value
        record.value["document"] = document
        let outcome = try await server.core.store.write([.replace(record, ifVersion: record.version)])
        #expect(outcome == .committed)
    }

    @Test(
        "a name that was stored before, a browser's name and a typed name are shown without such characters",
        arguments: Hostile.unshown)
    func pages(_ mark: String) async throws {
        let server = try await Demo.server()
        try await server.add(["id": "eve", "password": .string(Demo.password)])
        try await change(StoreKey("user", "eve"), "data", ["name": .string("Eve\(mark)Lee")], in: server)
        let browser = Browser(server, agent: "Eve\(mark)Browser")
        // No form may contain a NUL.
        let login = mark == "\u{0}" ? "eve" : "\(mark)eve"
        let asked = await browser.authorize(Demo.request([("login_hint", login)]))
        let refused = await browser.signIn(asked, login, "wrong")
        let consent = await browser.signIn(refused, "eve")
        _ = await browser.allow(consent)
        let sessions = await browser.open("/auth/sessions")
        let (start, logout) = (await browser.open("/"), await browser.open("/auth/logout"))
        let pages = [
            (asked, "value=\"eve\""), (refused, "value=\"eve\""), (consent, "EveLee"), (sessions, "EveBrowser"),
            (start, "EveLee"), (logout, "EveLee"),
        ]
        for (page, text) in pages {
            #expect(page.html.contains(text), "\(text): \(page.html)")
            #expect(page.html.unicodeScalars.allSatisfy { String($0) != mark }, "\(page.heading ?? "")")
        }
    }

    @Test("a client that was stored with such a name before still works, but cannot be stored with it again")
    func storedClient() async throws {
        let server = try await Demo.server()
        _ = try await server.storedClients.create(Self.client("The shop"))
        try await change(StoreKey("client", "new"), "name", "The \u{202E}shop", in: server)
        let page = await Browser(server).authorize(Demo.request([("client_id", "new")]))
        #expect(page.heading == "Sign in" && page.html.contains("The shop"), "\(page.html)")
        #expect(page.html.unicodeScalars.allSatisfy { $0 != "\u{202E}" })
        await #expect(throws: DocumentRefusal.self) {
            _ = try await server.storedClients.replace("new", with: Self.client("The \u{202E}shop"), if: .any)
        }
        try await server.storedClients.set(active: false, of: "new")
        #expect(await Browser(server).authorize(Demo.request([("client_id", "new")])).status >= 400)
    }
}
