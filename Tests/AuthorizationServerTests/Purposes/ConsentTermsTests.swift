// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import ServerHTTP
import Support
import Testing

@Suite("Plugins make consent stricter, and never laxer", .timeLimit(.minutes(10)))
struct ConsentTermsTests {
    /// Pairs a device, and returns the first page after the sign-in, if there is one.
    private func begin(
        _ code: String, for client: String = "screen", _ more: JSON = [:], in browser: Browser
    ) async throws -> Answer {
        try await Pairing.wait(code, for: client, more, at: browser.server)
        return await Pairing.consent(code, in: browser)
    }

    // MARK: asked each time

    @Test(
        "the user is asked each time if the purpose wants that, and the answer is listed, but not remembered",
        arguments: ["ours", "recorder"])
    func eachTime(_ client: String) async throws {
        let server = try await Pairing.server()
        for number in 0..<2 {
            let browser = Browser(server)
            let consent = try await begin("c\(number)", for: client, ["each": true], in: browser)
            #expect(consent.heading == Pairing.question)
            #expect(await browser.allow(consent).heading == Pairing.connected)
            #expect(await Pairing.redeem("c\(number)", as: client, at: server).status == 200)
            let listed = try await server.core.consents.list(user: "ann")
            #expect(listed.count == 1 && listed.first?.clientID == client && listed.first?.scope == ["read"])
            #expect(listed.first?.givenAt == server.core.now)
            server.clock.advance(.seconds(60))
        }
    }

    @Test("otherwise a client with a secret is asked once, and a first-party one never, but a button must be pressed")
    func once() async throws {
        let server = try await Pairing.server()
        let first = Browser(server)
        #expect(try await begin("c0", for: "ours", in: first).heading == Pairing.connected)
        #expect(try await begin("c1", for: "ours", in: first).heading == Pairing.question, "there is a session")
        let second = Browser(server)
        let consent = try await begin("c2", for: "recorder", in: second)
        #expect(consent.heading == Pairing.question)
        #expect(await second.allow(consent).heading == Pairing.connected)
        #expect(try await begin("c3", for: "recorder", in: Browser(server)).heading == Pairing.connected)
        #expect(await Pairing.redeem("c3", as: "recorder", at: server).status == 200)
    }

    @Test("a public client cannot prove who it is, so the user is always asked")
    func publicClient() async throws {
        let server = try await Pairing.server()
        for number in 0..<2 {
            let browser = Browser(server)
            let consent = try await begin("c\(number)", for: "screen", in: browser)
            #expect(consent.heading == Pairing.question)
            #expect(await browser.allow(consent).heading == Pairing.connected)
        }
    }

    @Test("what a user allowed when asked each time ticks no boxes and answers no request")
    func notRemembered() async throws {
        let server = try await Pairing.server()
        let more: JSON = ["scope": ["read", "write"], "each": true]
        let browser = Browser(server)
        _ = await browser.allow(try await begin("c0", for: "recorder", more, in: browser), ["read"])
        #expect(try await begin("c1", for: "recorder", more, in: browser).ticked == ["read", "write"])
        let next = try await begin("c2", for: "recorder", ["scope": ["read", "write"]], in: Browser(server))
        #expect(next.heading == Pairing.question && next.ticked == ["read", "write"])
        let nothing = try await begin("c3", for: "recorder", ["scope": []], in: Browser(server))
        #expect(nothing.heading == Pairing.question, "not even a request without scope")
    }

    @Test("being asked each time changes nothing that is remembered, and both are listed")
    func besideRemembered() async throws {
        let server = try await Pairing.server()
        let scope: JSON = ["read", "write"]
        let browser = Browser(server)
        _ = await browser.allow(try await begin("c0", for: "recorder", ["scope": scope], in: browser), ["read"])
        let consent = try await begin("c1", for: "recorder", ["scope": scope, "each": true], in: browser)
        #expect(consent.ticked == ["read"])
        _ = await browser.allow(consent, ["read", "write"])
        #expect(try await server.core.consents.list(user: "ann").first?.scope == ["read", "write"])
        #expect(await Pairing.redeem("c1", as: "recorder", at: server)["scope"] == "read write")
        let later = Browser(server)
        #expect(try await begin("c2", for: "recorder", ["scope": scope], in: later).heading == Pairing.connected)
        #expect(await Pairing.redeem("c2", as: "recorder", at: server)["scope"] == "read", "as it was remembered")
    }

    @Test("being asked each time keeps no remembered answer alive")
    func forgets() async throws {
        let server = try await Pairing.server()
        let browser = Browser(server)
        _ = await browser.allow(try await begin("c0", for: "recorder", in: browser))
        server.clock.advance(.seconds(300 * 86400))
        let later = Browser(server)
        _ = await later.allow(try await begin("c1", for: "recorder", ["each": true], in: later))
        server.clock.advance(.seconds(101 * 86400))
        #expect(try await begin("c2", for: "recorder", in: Browser(server)).heading == Pairing.question)
        #expect(try await server.core.consents.list(user: "ann").count == 1)
    }

    @Test("what a user allowed when asked each time is ended by client, also after the session and before a redemption")
    func ends() async throws {
        let server = try await Pairing.server()
        var values: [String] = []
        for code in ["c0", "c1", "c2"] {
            let browser = Browser(server)
            _ = await browser.allow(try await begin(code, ["each": true], in: browser))
            guard code != "c2" else { break }
            values.append(await Pairing.redeem(code, at: server)["access_token"] ?? "")
        }
        for value in values { #expect(try await server.core.tokens.resolve(value) != nil) }
        try await server.core.consents.end(user: "ann", client: "screen", reason: "test")
        for value in values { #expect(try await server.core.tokens.resolve(value) == nil) }
        #expect(await Pairing.redeem("c2", at: server).error == "invalid_grant")
        #expect(try await server.core.consents.list(user: "ann").isEmpty)
        let browser = Browser(server)
        _ = await browser.allow(try await begin("c3", ["each": true], in: browser))
        #expect(await Pairing.redeem("c3", at: server).status == 200, "what is allowed anew is good")
    }

    @Test("two devices that are approved at once are both connected, and end together")
    func atOnce() async throws {
        let server = try await Pairing.server()
        let (browser, other) = (Browser(server), Browser(server))
        for round in 0..<Races.rounds {
            let codes = ["a\(round)", "b\(round)"]
            let pages = [
                try await begin(codes[0], ["each": true], in: browser),
                try await begin(codes[1], ["each": true], in: other),
            ]
            async let one = browser.allow(pages[0])
            async let two = other.allow(pages[1])
            let headings = [await one.heading, await two.heading]
            #expect(headings.allSatisfy { $0 == Pairing.connected }, "\(headings)")
            var values: [String] = []
            for code in codes { values.append(await Pairing.redeem(code, at: server)["access_token"] ?? "") }
            for value in values { #expect(try await server.core.tokens.resolve(value) != nil) }
            try await server.core.consents.end(user: "ann", client: "screen", reason: "test")
            for value in values { #expect(try await server.core.tokens.resolve(value) == nil) }
        }
    }

    @Test("the consent that is stored for a client ends grants that were asked for each time, too")
    func revokes() async throws {
        let server = try await Pairing.server()
        let browser = Browser(server)
        _ = await browser.allow(try await begin("c0", for: "recorder", in: browser))
        _ = await browser.allow(try await begin("c1", for: "recorder", ["each": true], in: browser))
        let values = [
            await Pairing.redeem("c0", as: "recorder", at: server)["access_token"] ?? "",
            await Pairing.redeem("c1", as: "recorder", at: server)["access_token"] ?? "",
        ]
        for value in values { #expect(try await server.core.tokens.resolve(value) != nil) }
        try await server.core.consents.end(user: "ann", client: "recorder", reason: "test")
        for value in values { #expect(try await server.core.tokens.resolve(value) == nil) }
    }

    @Test("a grant that ends between the approval and its redemption gives no token")
    func ended() async throws {
        let server = try await Pairing.server()
        let browser = Browser(server)
        _ = await browser.allow(try await begin("c0", for: "recorder", in: browser))
        try await server.core.consents.end(user: "ann", client: "recorder", reason: "test")
        #expect(await Pairing.redeem("c0", as: "recorder", at: server).error == "invalid_grant")
    }

    @Test("a grant that rests on a first-party client ends with that, unless the user was asked")
    func noLongerFirstParty() async throws {
        let server = try await Pairing.server()
        let browser = Browser(server)
        _ = try await begin("c0", for: "ours", in: browser)
        _ = await browser.allow(try await begin("c1", for: "ours", ["each": true], in: browser))
        var client = Pairing.ours
        client["first_party"] = false
        server.core.install(try await server.generation(Pairing.plugins, clients: [client], users: Demo.users))
        #expect(await Pairing.redeem("c0", as: "ours", at: server).error == "invalid_grant")
        #expect(await Pairing.redeem("c1", as: "ours", at: server).status == 200)
    }

    // MARK: warnings

    @Test("a warning is shown above the buttons, and hostile values are harmless")
    func warns() async throws {
        let server = try await Pairing.server()
        for (number, mark) in (Hostile.unshown + ["<b>", "\"", "{{name}}", "{name}"]).enumerated() {
            let browser = Browser(server)
            let page = try await begin(
                "c\(number)", for: "screen", ["warning": "pairing_warning", "name": .string("a\(mark)b")], in: browser)
            let warning = try #require(page.html.firstRange(of: "It calls itself <bdi>a"))
            let button = try #require(page.html.firstRange(of: "value=\"deny\""))
            #expect(warning.lowerBound < button.lowerBound)
            #expect(page.html.contains("b</bdi>, so look at it.</p>"))
            #expect(!page.html.contains("a<b>b"))
            guard Hostile.unshown.contains(mark) else { continue }
            #expect(page.html.contains("It calls itself <bdi>ab</bdi>"), "\(mark.unicodeScalars.map(\.value))")
        }
    }

    @Test("the string of a warning is that of the page's language")
    func languages() throws {
        var registry = Registry()
        registry.add(page: "pairing", template: "{{> head}}{{> foot}}", texts: Pairing.texts)
        let pages = try Pages().adding(registry.pages)
        let values: JSON = [
            "warnings": [
                ["warning": "pairing_warning", "values": ["name": "Anna"]], ["warning": "pairing_nothing"],
            ]
        ]
        for (language, expected) in [("en", "It calls itself "), ("de", "Es nennt sich "), ("fr", "It calls itself ")] {
            let html = String(decoding: try pages.render("consent", values, in: [language]).html, as: UTF8.self)
            #expect(html.contains("\(expected)<bdi>Anna</bdi>"), "\(language)")
            #expect(html.contains(">pairing_nothing</p>"), "a string that is missing is visible")
        }
    }

    @Test("a warning with a string that the plugin does not have is a mistake, and is named")
    func missing() async throws {
        let server = try await Pairing.server()
        for (number, text) in ["pairing_nothing", "consent_allow", ""].enumerated() {
            let page = try await begin("c\(number)", for: "screen", ["warning": .string(text)], in: Browser(server))
            #expect(page.status == 500 && page.heading == Pairing.failed)
            let said = "the plugin 'pairing' warns users with the string '\(text)', which it does not have in English"
            #expect(server.log.lines.contains { $0.contains(said) }, "\(server.log.lines)")
        }
    }

    // MARK: filters

    /// Does with the terms what the scope says.
    private struct Filtering: Plugin, AuthorizationRequestFilter {
        static let manifest = PluginManifest(id: "asking", summary: "", specification: "")
        let parameters = [ParameterDeclaration("mistake")]

        init(settings: Settings, host: any PluginHost) {}

        func register(in registry: inout Registry) {
            registry.add(requestFilter: self)
            registry.add(requestFilter: Second())
            registry.add(
                page: "asking", template: "{{> head}}{{> foot}}",
                texts: ["en": ["asking_twice": "You are asked each time."]])
        }

        func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
            policy.consent.askEachTime()
            policy.consent.add(ConsentWarning("asking_twice"))
        }

        struct Second: AuthorizationRequestFilter {
            let parameters = [ParameterDeclaration("mistake")]

            func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
                var terms = ConsentTerms()
                switch request.parameters["mistake"] {
                case "all": policy.consent = terms
                case "warning":
                    terms.askEachTime()
                    policy.consent = terms
                case "text": policy.consent.add(ConsentWarning("asking_nothing"))
                default: break
                }
            }
        }
    }

    private func filtered() async throws -> TestServer {
        try await Demo.server(Plugins.all + [PluginSetup(Filtering.self)])
    }

    @Test(
        "a filter of authorization requests has users asked each time, with its warning", arguments: ["web", "house"])
    func filter(_ client: String) async throws {
        let server = try await filtered()
        let browser = Browser(server)
        let request = Demo.request([("client_id", client)])
        let first = await browser.signIn(await browser.authorize(request))
        #expect(first.heading == Pairing.question && first.html.contains("You are asked each time."))
        let landed = await browser.allow(first)
        let tokens = await server.redeem(landed.query["code"] ?? "", as: (client, Demo.secret))
        #expect(tokens.status == 200)
        #expect(await browser.authorize(request).heading == Pairing.question)
        let silent = await browser.authorize(request + [("prompt", "none")])
        #expect(["consent_required", "login_required"].contains(silent.query["error"] ?? ""))
        let listed = try await server.core.consents.list(user: "ann")
        #expect(listed.count == 1 && listed.first?.clientID == client && listed.first?.scope == ["openid", "profile"])
        try await server.core.consents.end(user: "ann", client: client, reason: "test")
        #expect(try await server.core.tokens.resolve(tokens["access_token"] ?? "") == nil)
    }

    @Test(
        "a filter that takes back what another one wants, or that warns without a string, is refused and named",
        arguments: [
            ("all", "the plugin 'asking' removed consent terms that another plugin added"),
            ("warning", "the plugin 'asking' removed consent terms that another plugin added"),
            ("text", "the plugin 'asking' warns users with the string 'asking_nothing'"),
        ])
    func filterMistakes(_ mistake: String, _ said: String) async throws {
        let server = try await filtered()
        let landed = await Browser(server).authorize(Demo.request([("mistake", mistake)]))
        #expect(landed.query["error"] == "server_error")
        #expect(server.log.lines.contains { $0.contains(said) }, "\(server.log.lines)")
    }
}
