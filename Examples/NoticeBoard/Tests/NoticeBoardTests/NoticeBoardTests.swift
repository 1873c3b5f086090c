// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@testable import NoticeBoard

@Suite("A notice that users confirm", .timeLimit(.minutes(10)))
struct NoticeBoardTests {
    private static let settings: JSON = ["notice": "terms-2027", "text_en": "Be kind.", "text_de": "Seien Sie nett."]
    private static let plugin = PluginUnderTest(NoticeBoard.self, settings: settings)
        .answering("POST", "/notice") { _ in TestCall("POST", "/notice", ["notice": "terms-2027"]) }

    @Test("the plugin keeps the rules of the kit", arguments: plugin.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private func load(_ notice: String = "terms-2027", on host: TestHost = TestHost()) async throws -> TestPlugin {
        var settings = NoticeBoardTests.settings
        settings["notice"] = .string(notice)
        return try await host.load(NoticeBoard.self, settings: settings)
    }

    /// A browser in which a user is signed in.
    private func browser(_ plugin: TestPlugin, of user: String) async throws -> TestCaller {
        .browser(try await plugin.signIn(User(id: user, isActive: true, document: [:])))
    }

    /// Presses the button of a page.
    private func confirm(
        _ plugin: TestPlugin, by user: String = "ann", notice: String = "terms-2027"
    ) async throws -> TestAnswer {
        try await plugin.call("POST", "/notice", ["notice": notice], as: browser(plugin, of: user))
    }

    /// The values of the page that a user gets.
    private func values(_ plugin: TestPlugin, of user: String = "ann") async throws -> JSON? {
        try await plugin.call("GET", "/notice", as: browser(plugin, of: user)).page?.values
    }

    private func isRedirect(_ answer: TestAnswer) -> Bool {
        answer.status == 303 && answer.address == "https://id.example.com/auth/notice"
    }

    // MARK: the page

    @Test("a user reads the notice, confirms it, and then sees when")
    func confirms() async throws {
        let plugin = try await load()
        #expect(try await values(plugin) == ["notice": "terms-2027"])
        #expect(plugin.host.store.written.isEmpty, "reading changes nothing")
        #expect(try await isRedirect(confirm(plugin)))
        let confirmed = try await values(plugin)
        #expect(confirmed?["is_confirmed"] == true && confirmed?["time"] == Page.moment(plugin.host.clock.now))
        #expect(try await values(plugin, of: "ben")?["is_confirmed"] == nil)
        #expect(plugin.host.events.recorded.map(\.kind.rawValue) == ["notice-board.confirmed"])
    }

    @Test("the first press of the button counts, after any time and a hundred at once")
    func twice() async throws {
        let plugin = try await load()
        let first = plugin.host.clock.now
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { try await isRedirect(confirm(plugin)) } }
            for try await isRedirect in group { #expect(isRedirect) }
        }
        plugin.host.clock.advance(by: .seconds(100 * 365 * 86400))
        try await plugin.host.store.purge()
        #expect(try await isRedirect(confirm(plugin)))
        #expect(try await values(plugin)?["time"] == Page.moment(first))
        #expect(plugin.host.events.recorded.count == 1)
    }

    @Test("a tab with a former notice confirms nothing, and shows the new one", arguments: ["terms-2026", "", "a b"])
    func formerNotice(_ notice: String) async throws {
        let plugin = try await load()
        let shown = try await confirm(plugin, notice: notice).page?.values
        #expect(shown == ["notice": "terms-2027", "problem": "changed"])
        #expect(plugin.host.store.written.isEmpty)
    }

    @Test("a form without the name of the notice confirms nothing")
    func incomplete() async throws {
        let plugin = try await load()
        let shown = try await plugin.call("POST", "/notice", as: browser(plugin, of: "ann")).page?.values
        #expect(shown?["problem"] == "changed" && plugin.host.store.written.isEmpty)
    }

    @Test("with a new notice, users confirm again, and the former one stays confirmed")
    func newNotice() async throws {
        let host = TestHost()
        _ = try await confirm(load(on: host))
        let new = try await load("terms-2028", on: host)
        #expect(try await values(new)?["is_confirmed"] == nil)
        #expect(try await isRedirect(confirm(new, notice: "terms-2028")))
        #expect(try await users(new, ["notice": "terms-2027"]) == ["ann"])
    }

    @Test("if the store fails, nothing is confirmed, and the user can press again")
    func storeFails() async throws {
        let plugin = try await load()
        plugin.host.store.fail()
        await #expect(throws: StoreError.self) { try await confirm(plugin) }
        await #expect(throws: StoreError.self) { try await values(plugin) }
        plugin.host.store.recover()
        #expect(plugin.host.events.recorded.isEmpty)
        #expect(try await isRedirect(confirm(plugin)))
    }

    @Test("the notice is shown in English if there is none in German")
    func languages() async throws {
        let plugin = try await TestHost().load(NoticeBoard.self, settings: ["notice": "a", "text_en": "Be kind."])
        let texts = try #require(plugin.registry.pages.first).texts
        #expect(texts["de"]?["notice_text"] == "Be kind.")
        #expect(texts["en"]?.keys.sorted() == texts["de"]?.keys.sorted(), "both languages have the same strings")
    }

    // MARK: the list

    private func list(_ plugin: TestPlugin, _ parameters: Parameters = [:]) async throws -> JSON {
        let caller = TestCaller.bearer(try await plugin.bearer(scope: ["notices"]))
        return try #require(try await plugin.call("GET", "/notice/confirmations", parameters, as: caller).json)
    }

    private func users(_ plugin: TestPlugin, _ parameters: Parameters = [:]) async throws -> [String] {
        try await list(plugin, parameters)["confirmations"]?.elements.compactMap { $0["user"]?.string } ?? []
    }

    @Test("the list has every confirmation once, page by page, in the order of the users")
    func pages() async throws {
        let plugin = try await load()
        let all = ["ann", "ben&co", "cleo=1", "dan%", "eve"]
        for user in all.reversed() { _ = try await confirm(plugin, by: user) }
        var (found, after): ([String], String?) = ([], nil)
        for number in 0..<3 {
            var parameters: [(name: String, value: String)] = [("count", "2")]
            if let after { parameters.append(("after", after)) }
            let page = try await list(plugin, Parameters(parameters))
            found += page["confirmations"]?.elements.compactMap { $0["user"]?.string } ?? []
            after = found.last
            let next = page["next"]?.string
            #expect((next == nil) == (number == 2))
            if number == 0 {
                #expect(
                    next == "https://id.example.com/auth/notice/confirmations?notice=terms-2027&count=2&after=ben%26co")
            }
        }
        #expect(found == all)
        let first = try await list(plugin)["confirmations"]?.elements.first
        #expect(first == ["user": "ann", "time": "2027-01-15T08:00:00Z"])
    }

    @Test("an unknown notice has no confirmations, and any value of 'after' is only a place in the order")
    func strange() async throws {
        let plugin = try await load()
        _ = try await confirm(plugin)
        #expect(try await users(plugin, ["notice": "terms-2026"]).isEmpty)
        #expect(try await users(plugin, ["notice": "terms"]).isEmpty, "the beginning of a name is another name")
        for after in ["", " ", "a"] { #expect(try await users(plugin, ["after": after]) == ["ann"]) }
        for after in ["ann", "zoe", "\u{10FFFF}"] { #expect(try await users(plugin, ["after": after]).isEmpty) }
    }

    @Test("a count that is not from 1 to 100 is refused", arguments: ["0", "-1", "101", "1.0", "ten", "１"])
    func counts(_ count: String) async throws {
        let plugin = try await load()
        let error = await #expect(throws: OAuthError.self) { try await list(plugin, ["count": count]) }
        #expect(error?.code == .invalidRequest)
    }

    // MARK: settings

    @Test(
        "a notice must have a name that is a word",
        arguments: ["", "two words", "\u{E9}", String(repeating: "a", count: 65)])
    func names(_ name: String) async throws {
        await #expect(throws: ConfigurationError.self) { try await load(name) }
    }
}
