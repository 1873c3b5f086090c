// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("An interaction that a plugin began is validated anew for each page", .timeLimit(.minutes(10)))
struct PurposeRefusalTests {
    /// A consent page that is open.
    private func open(
        _ server: TestServer, for client: String = "screen", _ more: JSON = [:]
    ) async throws -> (Browser, Answer) {
        try await Pairing.wait("c1", for: client, more, at: server)
        let browser = Browser(server)
        let consent = await Pairing.consent("c1", in: browser)
        #expect(consent.heading == Pairing.question)
        return (browser, consent)
    }

    /// Expects that nothing was granted or remembered.
    private func expectNothing(_ server: TestServer, is state: String = "pending") async throws {
        #expect(try await Pairing.state("c1", at: server) == state)
        #expect(try await server.core.consents.list(user: "ann").isEmpty)
    }

    @Test("a context that was changed is refused, and so is one that is too long", arguments: [0.3, 0.6, 0.9])
    func tampered(_ place: Double) async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server)
        let state = Array((consent.hidden.first { $0.0 == "state" }?.1 ?? "").utf8)
        var flipped = state
        let index = Int(Double(state.count) * place)
        flipped[index] = state[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let answer = await browser.open("/auth/interaction?state=\(String(decoding: flipped, as: UTF8.self))")
        #expect(answer.status == 400 && answer.heading == Pairing.expired)
        let long = await browser.open("/auth/pair?code=\(String(repeating: "c", count: 12_000))")
        #expect(long.status == 400)
        try await expectNothing(server)
    }

    @Test("a purpose that ends while a page is open refuses there, and the page leads to the endpoint")
    func ends() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, for: "recorder")
        try await Pairing.change("c1", ["state": "cancelled"], at: server)
        for answer in [await browser.allow(consent), await browser.submit(consent, [("decision", "deny")])] {
            #expect(answer.status == 400 && answer.heading == Pairing.expired && answer.link == "/auth/pair")
        }
        try await expectNothing(server, is: "cancelled")
    }

    @Test("a purpose that got its result elsewhere while a page was open shows its own page, and nothing is committed")
    func settled() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, for: "recorder")
        try await Pairing.change("c1", ["state": "settled"], at: server)
        for answer in [await browser.allow(consent), await browser.submit(consent, [("decision", "deny")])] {
            #expect(answer.status == 200 && answer.heading == Pairing.connected)
        }
        try await expectNothing(server, is: "settled")
        try await Pairing.change("c1", ["page": "nowhere"], at: server)
        expectFailure(await browser.allow(consent), server, "there is no page 'nowhere'")
    }

    @Test("an unknown code is refused before anyone has to sign in")
    func unknown() async throws {
        let answer = await Browser(try await Pairing.server()).open("/auth/pair?code=nothing")
        #expect(answer.status == 400 && answer.heading == Pairing.expired && answer.link == "/auth/pair")
    }

    @Test("if the plugin is removed while a page is open, the page does not lead to the endpoint, which is gone too")
    func removed() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server)
        server.core.install(try await server.generation(Plugins.all, clients: [Demo.web], users: Demo.users))
        let answer = await browser.allow(consent)
        #expect(answer.status == 400 && answer.heading == Pairing.expired && answer.link != "/auth/pair")
        #expect(await browser.open("/auth/pair").status == 404)
    }

    @Test("a page that was open for an hour has expired, and leads to the endpoint")
    func old() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server)
        server.clock.advance(.seconds(3600))
        let answer = await browser.allow(consent)
        #expect(answer.heading == Pairing.expired && answer.link == "/auth/pair")
    }

    @Test("a store that fails is not the end: the page leads to the endpoint")
    func storeFails() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Pairing.plugins.dropFirst()
        let server = try await TestServer(plugins, clients: [Pairing.screen], users: Demo.users)
        let (browser, consent) = try await open(server)
        let store = try #require(server.countingStore)
        store.fail(true)
        let answer = await browser.allow(consent)
        #expect(answer.status == 503 && answer.heading == "Not available right now" && answer.link == "/auth/pair")
        store.fail(false)
        #expect(await browser.allow(consent).heading == Pairing.connected)
    }

    // MARK: clients

    private func reload(_ server: TestServer, clients: [JSON]) async throws {
        server.core.install(try await server.generation(Pairing.plugins, clients: clients, users: Demo.users))
    }

    @Test("a client that is removed while a page is open gets nothing")
    func pluginRemoved() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server)
        try await reload(server, clients: [Pairing.recorder])
        let answer = await browser.allow(consent)
        #expect(answer.status == 400 && answer.heading == "Unknown application" && answer.link == "/auth/pair")
        try await expectNothing(server)
    }

    @Test("a client that may no longer use the grant gets nothing")
    func unauthorized() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, for: "recorder")
        var client = Pairing.recorder
        client["grant_types"] = ["client_credentials"]
        try await reload(server, clients: [client])
        let answer = await browser.allow(consent)
        #expect(answer.status == 400 && answer.heading == "Unknown application" && answer.link == "/auth/pair")
        try await expectNothing(server)
    }

    @Test("a client that may have less than before gets less, and nothing if nothing is left")
    func less() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, ["scope": ["read", "write"]])
        var client = Pairing.screen
        client["scope"] = ["openid"]
        try await reload(server, clients: [client])
        #expect(await browser.allow(consent).status == 400)
        try await expectNothing(server)
        client["scope"] = ["read"]
        try await reload(server, clients: [client])
        #expect(await browser.allow(consent).heading == Pairing.connected)
        #expect(await Pairing.redeem("c1", at: server)["scope"] == "read")
    }

    // MARK: mistakes of the plugin

    private func expectFailure(_ answer: Answer, _ server: TestServer, _ said: String) {
        #expect(answer.status == 500 && answer.heading == Pairing.failed)
        #expect(server.log.lines.contains { $0.contains(said) }, "\(server.log.lines)")
        #expect(!server.log.lines.contains { $0.contains("a-secret-handle") })
    }

    @Test(
        "a purpose that asks for more than the page showed, or for another client, is refused and named",
        arguments: [["scope": ["read", "write"]], ["client": "recorder"]] as [JSON])
    func widens(_ changes: JSON) async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server)
        try await Pairing.change("c1", changes, at: server)
        let said = "the purpose 'pairing' of the plugin 'pairing' returned another client, or limits that allow more"
        expectFailure(await browser.allow(consent), server, said)
        try await expectNothing(server)
    }

    @Test("a purpose that asks for less than before is no mistake")
    func narrows() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, ["scope": ["read", "write"]])
        try await Pairing.change("c1", ["scope": ["read"]], at: server)
        #expect(await browser.allow(consent).heading == Pairing.connected)
        #expect(await Pairing.redeem("c1", at: server)["scope"] == "read")
    }

    @Test(
        "an endpoint may begin interactions only for purposes of its own plugin",
        arguments: [
            ("strange", "which belongs to the plugin 'stranger'; use a purpose of its own"),
            ("nobodys", "which it has not added; add registry.add(purpose:) in register"),
        ])
    func foreign(_ name: String, _ cure: String) async throws {
        let server = try await Pairing.server()
        let answer = await Browser(server).open("/auth/pair?code=c1&purpose=\(name)")
        let said = "of the plugin 'pairing' returned .interaction for the purpose '\(name)', \(cure)"
        expectFailure(answer, server, said)
    }

    @Test("a purpose may write only to the collections of its plugin", arguments: ["allow", "deny"])
    func collections(_ decision: String) async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, for: "recorder", ["collection": "session"])
        let answer = await browser.submit(consent, [("scope", "read"), ("decision", decision)])
        let said = "the purpose 'pairing' of the plugin 'pairing' writes to the collection 'session', which belongs to"
        expectFailure(answer, server, said)
        try await expectNothing(server)
    }

    @Test("a purpose whose page cannot be shown commits nothing")
    func noPage() async throws {
        let server = try await Pairing.server()
        let (browser, consent) = try await open(server, for: "recorder", ["page": "nowhere"])
        expectFailure(await browser.allow(consent), server, "there is no page 'nowhere'")
        try await expectNothing(server)
    }

    @Test("two plugins cannot add one purpose")
    func twice() async throws {
        let plugins = Pairing.plugins + [PluginSetup(Copy.self)]
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await TestServer(plugins, clients: [], users: [])
        }
        let said = "plugin 'copy' adds the purpose 'strange', which plugin 'stranger' adds too"
        #expect(error?.message.contains(said) == true, "\(error?.message ?? "")")
    }

    /// Adds a purpose of another plugin once more.
    private struct Copy: Plugin {
        static let manifest = PluginManifest(id: "copy", summary: "", specification: "")
        private let other: Stranger

        init(settings: Settings, host: any PluginHost) {
            other = Stranger(settings: settings, host: host)
        }

        func register(in registry: inout Registry) { registry.add(purpose: other) }
    }
}
