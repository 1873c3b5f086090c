// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

@testable import MailCode

@Suite("A code by mail as a second factor", .timeLimit(.minutes(10)))
struct MailCodeTests {
    private static let settings: JSON = [
        "gateway": "https://mail.example.com/send", "gateway_secret": "the-secret-of-the-gateway",
        "from": "no-reply@example.com",
    ]
    private static let ann = user("ann", "ann.lee@example.com")
    private static let plugin = PluginUnderTest(MailCode.self, settings: settings)
        .on { host in
            host.users.add(MailCodeTests.ann)
            host.network.respond { _ in OutboundReply(status: 202) }
        }

    @Test("the plugin keeps the rules of the kit", arguments: plugin.checks)
    func rules(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static func user(_ id: String, _ email: String, isVerified: JSON = true) -> User {
        User(id: id, isActive: true, document: ["email": .string(email), "data": ["email_verified": isVerified]])
    }

    private func load(on host: TestHost = TestHost()) async throws -> TestPlugin {
        host.users.add(MailCodeTests.ann)
        host.network.respond { _ in OutboundReply(status: 202) }
        return try await host.load(MailCode.self, settings: MailCodeTests.settings)
    }

    /// Another code than a given one.
    private func other(_ code: String) -> String { code == "000000" ? "000001" : "000000" }

    // MARK: the usual case

    @Test("a user gets a code by mail and types it")
    func signsIn() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        #expect(visit.page?.name == "mail_code" && visit.page?.values == ["address": "a•••@example.com"])
        let code = try await postman.code()
        let mail = try #require(try postman.mails().first)
        #expect(mail["to"] == "ann.lee@example.com" && mail["from"] == "no-reply@example.com")
        #expect(mail["text"]?.string?.contains("https://id.example.com") == true)
        #expect(mail["subject"]?.string?.contains(code) == false)
        let headers = try #require(plugin.host.network.sent.first).headers
        #expect(headers.contains { $0.name == "authorization" && $0.value == "Bearer the-secret-of-the-gateway" })
        #expect(try await visit.type(in: code) == nil)
        #expect(plugin.host.attempts.wrong == 0)
    }

    @Test("a code may be typed as it was copied", arguments: ["", " ", "-"])
    func copied(_ separator: String) async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let code = try await postman.code()
        #expect(try await visit.type(in: " \(code.prefix(3))\(separator)\(code.dropFirst(3)) ") == nil)
    }

    @Test("mails are in the language of the client or of the user, or else in English")
    func languages() async throws {
        for (languages, locale, isGerman) in [
            ([], "", false), (["de-AT"], "", true), (["fr", "DE"], "en", true), (["en", "de"], "de", false),
            ([], "de_DE", false), ([], "de", true), (["den", "\u{212A}"], "de-CH", true),
        ] as [([String], String, Bool)] {
            let plugin = try await load()
            let postman = Postman(plugin)
            var document = MailCodeTests.ann.document
            document["locale"] = .string(locale)
            plugin.host.users.add(User(id: "ann", isActive: true, document: document))
            let visit = Visit(plugin, languages: languages)
            try await visit.go()
            _ = try await postman.code()
            #expect(try postman.mails().first?["subject"]?.string?.contains("Anmelden") == isGerman, "\(languages)")
        }
    }

    // MARK: who is asked

    @Test("a user who has given a code of any kind in this session is not asked")
    func skips() async throws {
        let plugin = try await load()
        let visit = Visit(plugin)
        visit.interaction.amr = ["pwd", "otp"]
        guard case .skip = try await visit.go() else {
            Issue.record("the user is asked")
            return
        }
        #expect(plugin.host.store.written.isEmpty)
    }

    @Test(
        "a user without a verified address is refused",
        arguments: [
            MailCodeTests.user("eve", "eve@example.com", isVerified: false),
            MailCodeTests.user("eve", "eve@example.com", isVerified: "true"), MailCodeTests.user("eve", "eve"),
            MailCodeTests.user("eve", "eve@example.com,mallory@example.com"), MailCodeTests.user("eve", "@example.com"),
            MailCodeTests.user("eve", "eve@example.com\r\nBcc:mallory"), MailCodeTests.user("eve", "eve@a;b"),
            MailCodeTests.user("eve", "e\u{202E}ve@example.com"),
            User(id: "eve", isActive: true, document: ["email": "eve@example.com"]),
            User(id: "eve", isActive: true, document: ["data": ["email_verified": true]]),
            User(id: "not-eve", isActive: true, document: [:]),
        ])
    func refuses(_ user: User) async throws {
        let plugin = try await load()
        plugin.host.users.add(user)
        let visit = Visit(plugin, user: "eve")
        guard case .refuse(let error) = try await visit.go() else {
            Issue.record("the user is not refused")
            return
        }
        #expect(error.code == .accessDenied && !error.description.contains("eve"))
        #expect(try await plugin.host.jobs.queued().isEmpty)
    }

    @Test("if no page may be shown, no mail is sent")
    func noPage() async throws {
        let plugin = try await load()
        let visit = Visit(plugin)
        visit.interaction.policy.prompts = [.none]
        try await visit.go()
        #expect(visit.page != nil)
        #expect(try await plugin.host.jobs.queued().isEmpty)
    }

    @Test(
        "the page does not tell the address to others",
        arguments: [
            ("ann@example.com", "a•••@example.com"), ("a@example.com", "•••@example.com"),
            ("\u{1F469}\u{200D}a@example.com", nil),
            ("e\u{301}mil@b\u{FC}cher.example", "e\u{301}•••@b\u{FC}cher.example"),
            ("\u{5D0}\u{5D1}@example.com", "\u{5D0}•••@example.com"),
        ] as [(String, String?)])
    func masked(_ address: String, _ shown: String?) {
        #expect(MailAddress(address)?.masked == shown)
    }

    // MARK: wrong codes

    @Test("a code is right once, in ten minutes, and for its user only")
    func once() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        plugin.host.users.add(MailCodeTests.user("ben", "ben@example.com"))
        let (first, second) = (Visit(plugin), Visit(plugin))
        try await first.go()
        try await second.go()
        let code = try await postman.code()
        let ben = Visit(plugin, user: "ben")
        try await ben.go()
        #expect(try await ben.type(in: code) == "wrong", "it is another user's")
        #expect(try await first.type(in: code) == nil)
        #expect(try await second.type(in: code) == "wrong", "it was used")
        #expect(try await first.type(in: code) == nil, "the form was only sent twice")
        plugin.host.clock.advance(by: .seconds(600))
        #expect(try await first.type(in: code) == "wrong", "it has expired")
    }

    @Test("of a hundred sign-ins that present a code at once, one succeeds")
    func atOnce() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let code = try await postman.code()
        let codes = SentCodes(host: plugin.host.lent)
        let redeemed = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask { try await codes.redeem(code, of: MailCodeTests.ann, for: "sign-in \(number)") }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(redeemed == 1)
    }

    @Test("guesses are counted for the user, and the right code does not help until later")
    func guesses() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let code = try await postman.code()
        for _ in 0..<5 {
            #expect(try await visit.type(in: other(code)) == "wrong")
        }
        #expect(try await visit.type(in: code) == "throttled")
        #expect(visit.page?.values["retry_after"] == 61)
        try await visit.go()
        #expect(visit.problem == "throttled", "the page says so when it is loaded again")
        plugin.host.attempts.forget()
        #expect(try await visit.type(in: code) == nil)
    }

    @Test(
        "what is not six digits is wrong, and not counted",
        arguments: ["12345", "1234567", "12345a", "１２３４５６", "123456\u{301}", "-12345", "0x1234", "<b>"])
    func malformed(_ typed: String) async throws {
        let plugin = try await load()
        let visit = Visit(plugin)
        try await visit.go()
        #expect(try await visit.type(in: typed) == "wrong")
        #expect(plugin.host.attempts.wrong == 0)
        #expect(visit.page?.kept?.text.contains(typed) == false)
    }

    // MARK: mails

    @Test("a mail is sent at most once a minute, and then its code replaces the former one")
    func again() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let first = try await postman.code()
        try await visit.go(["resend": "1"])
        #expect(visit.problem == "early" && visit.page?.values["retry_after"] == 60)
        for _ in 0..<10 { try await visit.go() }
        let other = Visit(plugin)
        try await other.go()
        try await postman.deliver()
        #expect(try postman.mails().count == 1, "nor is one sent if the page is loaded again, or in another tab")
        plugin.host.clock.advance(by: .seconds(60))
        try await visit.go(["resend": "1"])
        #expect(visit.problem == nil && visit.page?.values["kind"] == "again")
        let second = try await postman.code()
        #expect(try postman.mails().count == 2 && second != first)
        #expect(try await visit.type(in: first) == "wrong")
        #expect(try await visit.type(in: second) == nil)
    }

    @Test("of a hundred sign-ins that begin at once, one sends a mail")
    func begin() async throws {
        let plugin = try await load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let visit = Visit(plugin)
                    try await visit.go()
                }
            }
            try await group.waitForAll()
        }
        #expect(try await plugin.host.jobs.queued().count == 1)
    }

    @Test("while the gateway is down, a mail waits, but is not sent once nobody needs it")
    func down() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        for answer: TestNetwork.Answer in [
            { _ in throw OutboundError("no route") }, { _ in OutboundReply(status: 503) },
            { _ in OutboundReply(status: 401) },
        ] {
            plugin.host.network.respond(answer)
            try await visit.go(["resend": "1"])
            try await postman.deliver()
            plugin.host.clock.advance(by: .seconds(60))
        }
        #expect(try await plugin.host.jobs.queued().count == 3)
        let before = plugin.host.network.sent.count
        plugin.host.network.respond { _ in OutboundReply(status: 202) }
        let code = try await postman.code()
        #expect(plugin.host.network.sent.count == before + 1, "only the last code is still good")
        #expect(try await visit.type(in: code) == nil)
    }

    @Test("a mail that the gateway refuses for good, or that has been changed, is dropped")
    func dropped() async throws {
        let plugin = try await load()
        let visit = Visit(plugin)
        try await visit.go()
        let handler = try #require(plugin.registry.jobs.first)
        let payload = try #require(try await plugin.host.jobs.queued().first).payload
        plugin.host.network.respond { _ in OutboundReply(status: 422) }
        let error = await #expect(throws: JobAbandoned.self) { try await handler.run(payload) }
        #expect(error?.description.contains("422") == true && error?.description.contains("ann") == false)
        for changed: JSON in [[:], .null, ["mail": "x"], ["mail": 1]] {
            await #expect(throws: JobAbandoned.self) { try await handler.run(changed) }
        }
    }

    @Test("the code is in no record, event, line of the log or value of a page, and the address in no record")
    func secrecy() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let queued = try await plugin.host.jobs.queued()
        let kept = try await plugin.host.records.page("mail_code", after: nil, limit: 10)
        let code = try await postman.code()
        _ = try await visit.type(in: other(code))
        #expect(queued.count == 1 && kept.count == 1)
        for text in queued.map(\.payload.text) + kept.flatMap({ [$0.key.id, $0.value.text] }) {
            #expect(!text.contains(code) && !text.contains("ann"))
        }
        let page = try #require(visit.page)
        #expect(!"\(page.values.text) \(page.kept?.text ?? "")".contains(code))
        #expect(!"\(plugin.host.events.recorded) \(plugin.host.log.lines)".contains(code))
        #expect(plugin.host.events.recorded.map(\.kind.rawValue) == ["mail-code.failed"])
    }

    @Test("if the store fails, nobody gets in, and the same form works later")
    func storeFails() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let code = try await postman.code()
        // The first call reads the code, and the second writes that it was used.
        for skipped in 0..<2 {
            plugin.host.store.fail(after: skipped, count: 1)
            await #expect(throws: StoreError.self) { try await visit.type(in: code) }
        }
        #expect(try await visit.type(in: code) == nil)
    }

    @Test("codes have six digits, and each digit is as likely as the others")
    func digits() async throws {
        let plugin = try await load()
        let postman = Postman(plugin)
        var counts: [Character: Int] = [:]
        for _ in 0..<200 {
            let visit = Visit(plugin)
            try await visit.go()
            for digit in try await postman.code() { counts[digit, default: 0] += 1 }
            plugin.host.clock.advance(by: .seconds(60))
        }
        #expect(counts.count == 10 && counts.values.reduce(0, +) == 1200)
        #expect(counts.values.allSatisfy { 75...165 ~= $0 }, "\(counts)")
    }

    // MARK: the gateway

    @Test("the gateway of this example takes the mail, and refuses one with another secret")
    func gateway() async throws {
        let mailbox = try Mailbox(secret: "the-secret-of-the-gateway")
        var settings = MailCodeTests.settings
        settings["gateway"] = .string("\(mailbox.address)/send")
        let host = TestHost()
        host.users.add(MailCodeTests.ann)
        host.network.respond { request in try await mailbox.take(request) }
        let plugin = try await host.load(MailCode.self, settings: settings)
        let postman = Postman(plugin)
        let visit = Visit(plugin)
        try await visit.go()
        let code = try await postman.code()
        let mail = try #require(try await mailbox.mails().first)
        #expect(mail["to"] == "ann.lee@example.com" && mail["text"]?.string?.contains(code) == true)
        #expect(try await visit.type(in: code) == nil)
        var wrong = OutboundRequest("POST", "\(mailbox.address)/send", body: Array("{}".utf8))
        wrong.headers = [("authorization", "Bearer x")]
        #expect(try await mailbox.take(wrong).status == 401)
    }

    @Test(
        "settings that cannot work are refused",
        arguments: [
            [:], ["gateway": "http://mail.example.com/send", "from": "a@b"], ["gateway": "https://mail.example.com"],
            ["gateway": "https://mail.example.com", "from": "a@b", "gateway_secret": "a\r\nb"],
        ] as [JSON])
    func mistakes(_ settings: JSON) async throws {
        await #expect(throws: ConfigurationError.self) {
            try await TestHost().load(MailCode.self, settings: settings)
        }
    }
}
