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
            // The user who signs in when the rules are checked.
            host.users.add(user("user-1", "user-1@example.com"))
            host.network.respond { _ in OutboundReply(status: 202) }
        }
        .answering("mail-code") { page in
            // The first page has only a button.
            guard page.number > 0 else { return ["send": "1"] }
            return ["code": try await page.plugin.code()]
        }
        .queuing("mail-code") { plugin in
            _ = try await plugin.signIn("mail-code", subject: .user("user-1")).submit(["send": "1"])
            let job = try #require(try await plugin.host.jobs.queued().first)
            try await plugin.runJobs()
            return job.payload
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

    /// The first page of a user who has typed the password.
    private func begin(
        _ plugin: TestPlugin, user: String = "ann", languages: [String] = []
    ) async throws -> TestSignIn {
        var policy = InteractionPolicy(limits: AccessLimits(scope: []))
        policy.languages = languages
        return try await plugin.signIn("mail-code", policy: policy, subject: .user(user), amr: ["pwd"])
    }

    /// The page of a user who has asked for a code.
    private func ask(_ plugin: TestPlugin, user: String = "ann", languages: [String] = []) async throws -> TestSignIn {
        try await begin(plugin, user: user, languages: languages).submit(["send": "1"])
    }

    /// Types a code; the result is the problem that the next page shows, or nil if the user is signed in.
    private func enter(_ code: String, on page: TestSignIn) async throws -> String? {
        let next = try await page.submit(["code": code])
        guard let result = next.result else { return next.page?.values["problem"]?.string ?? "no problem is shown" }
        #expect(result.amr == ["otp"] && result.subject == nil)
        return nil
    }

    /// Another code than a given one.
    private func other(_ code: String) -> String { code == "000000" ? "000001" : "000000" }

    // MARK: the usual case

    @Test("a user asks for a code, gets it by mail and types it")
    func signsIn() async throws {
        let plugin = try await load()
        let first = try await begin(plugin)
        #expect(first.page?.name == "mail_code")
        #expect(first.page?.values == ["address": "a•••@example.com", "is_sent": false])
        let page = try await first.submit(["send": "1"])
        #expect(page.page?.values == ["address": "a•••@example.com", "is_sent": true, "kind": "sent"])
        let code = try await plugin.code()
        let mail = try #require(try plugin.mails().first)
        #expect(mail["to"] == "ann.lee@example.com" && mail["from"] == "no-reply@example.com")
        #expect(mail["text"]?.string?.contains("https://id.example.com") == true)
        #expect(mail["subject"]?.string?.contains(code) == false)
        let headers = try #require(plugin.host.network.sent.first).headers
        #expect(headers.contains { $0.name == "authorization" && $0.value == "Bearer the-secret-of-the-gateway" })
        #expect(try await enter(code, on: page) == nil)
        #expect(plugin.host.attempts.wrong == 0)
    }

    @Test("nothing is sent before the user asks for it, however often the page is loaded")
    func links() async throws {
        let plugin = try await load()
        for _ in 0..<3 { _ = try await begin(plugin).reload() }
        #expect(plugin.host.store.written.isEmpty)
    }

    @Test("a code may be typed as it was copied", arguments: ["", " ", "-"])
    func copied(_ separator: String) async throws {
        let plugin = try await load()
        let page = try await ask(plugin)
        let code = try await plugin.code()
        #expect(try await enter(" \(code.prefix(3))\(separator)\(code.dropFirst(3)) ", on: page) == nil)
    }

    @Test("mails are in the language of the client or of the user, or else in English")
    func languages() async throws {
        for (languages, locale, isGerman) in [
            ([], "", false), (["de-AT"], "", true), (["fr", "DE"], "en", true), (["en", "de"], "de", false),
            ([], "de_DE", false), ([], "de", true), (["den", "\u{212A}"], "de-CH", true),
        ] as [([String], String, Bool)] {
            let plugin = try await load()
            var document = MailCodeTests.ann.document
            document["locale"] = .string(locale)
            plugin.host.users.add(User(id: "ann", isActive: true, document: document))
            _ = try await ask(plugin, languages: languages)
            _ = try await plugin.code()
            let subject = try #require(try plugin.mails().first?["subject"]?.string)
            #expect(subject.contains("Anmelden") == isGerman, "\(languages) \(locale)")
        }
    }

    // MARK: who is asked

    @Test("a user who has given a code of any kind in this session is not asked")
    func skips() async throws {
        let plugin = try await load()
        let seen = try await plugin.signIn("mail-code", subject: .user("ann"), amr: ["pwd", "otp"])
        #expect(seen.isSkipped)
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
        let refusal = try #require(try await begin(plugin, user: "eve").refusal)
        #expect(refusal.code == .accessDenied && !refusal.description.contains("eve"))
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
        plugin.host.users.add(MailCodeTests.user("ben", "ben@example.com"))
        let (first, second) = (try await ask(plugin), try await ask(plugin))
        let code = try await plugin.code()
        let ben = try await ask(plugin, user: "ben")
        #expect(try await enter(code, on: ben) == "wrong", "it is another user's")
        #expect(try await enter(code, on: first) == nil)
        #expect(try await enter(code, on: second) == "wrong", "it was used")
        #expect(try await enter(code, on: first) == nil, "the form was only sent twice")
        plugin.host.clock.advance(by: .seconds(600))
        #expect(try await enter(code, on: first) == "wrong", "it has expired")
    }

    @Test("of a hundred sign-ins that present a code at once, one succeeds")
    func atOnce() async throws {
        let plugin = try await load()
        _ = try await ask(plugin)
        let code = try await plugin.code()
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
        let page = try await ask(plugin)
        let code = try await plugin.code()
        for _ in 0..<5 {
            #expect(try await enter(other(code), on: page) == "wrong")
        }
        let late = try await page.submit(["code": code])
        #expect(late.page?.values["problem"] == "throttled" && late.page?.values["retry_after"] == 61)
        plugin.host.attempts.forget()
        #expect(try await enter(code, on: late) == nil)
    }

    @Test(
        "what is not six digits is wrong, and not counted",
        arguments: ["12345", "1234567", "12345a", "１２３４５６", "123456\u{301}", "-12345", "0x1234", "<b>"])
    func malformed(_ typed: String) async throws {
        let plugin = try await load()
        let page = try await ask(plugin)
        #expect(try await enter(typed, on: page) == "wrong")
        #expect(plugin.host.attempts.wrong == 0)
    }

    // MARK: mails

    @Test("a mail is sent at most once a minute, and then its code replaces the former one")
    func again() async throws {
        let plugin = try await load()
        let page = try await ask(plugin)
        let first = try await plugin.code()
        let (early, other) = (try await page.submit(["send": "1"]), try await ask(plugin))
        for shown in [early, other] {
            #expect(shown.page?.values["problem"] == "early" && shown.page?.values["retry_after"] == 60)
            #expect(shown.page?.values["is_sent"] == true, "the code that was sent can be typed")
        }
        try await plugin.runJobs()
        #expect(try plugin.mails().count == 1)
        plugin.host.clock.advance(by: .seconds(60))
        let later = try await early.submit(["send": "1"])
        #expect(later.page?.values["kind"] == "again" && later.page?.values["problem"] == nil)
        let second = try await plugin.code()
        #expect(try plugin.mails().count == 2 && second != first)
        #expect(try await enter(first, on: later) == "wrong")
        #expect(try await enter(second, on: later) == nil)
    }

    @Test("if a hundred sign-ins ask for a code at once, one mail is sent")
    func manyMails() async throws {
        let plugin = try await load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask { _ = try await ask(plugin) }
            }
            try await group.waitForAll()
        }
        #expect(try await plugin.host.jobs.queued().count == 1)
    }

    @Test("while the gateway is down, a mail waits, but is not sent once nobody needs it")
    func down() async throws {
        let plugin = try await load()
        var page = try await begin(plugin)
        for answer: TestNetwork.Answer in [
            { _ in throw OutboundError("no route") }, { _ in OutboundReply(status: 503) },
            { _ in OutboundReply(status: 401) },
        ] {
            plugin.host.network.respond(answer)
            page = try await page.submit(["send": "1"])
            try await plugin.runJobs()
            plugin.host.clock.advance(by: .seconds(60))
        }
        #expect(try await plugin.host.jobs.queued().count == 1, "only the last code is still good")
        let before = plugin.host.network.sent.count
        plugin.host.network.respond { _ in OutboundReply(status: 202) }
        let code = try await plugin.code()
        #expect(plugin.host.network.sent.count == before + 1)
        #expect(try await enter(code, on: page) == nil)
    }

    @Test("a mail that the gateway refuses for good, or that has been changed, is dropped")
    func dropped() async throws {
        let plugin = try await load()
        _ = try await ask(plugin)
        let handler = try #require(plugin.registry.jobs.first)
        let payload = try #require(try await plugin.host.jobs.queued().first).payload
        plugin.host.network.respond { _ in OutboundReply(status: 422) }
        let error = await #expect(throws: JobAbandoned.self) { try await handler.run(payload) }
        #expect(error?.description.contains("422") == true && error?.description.contains("ann") == false)
        for changed: JSON in [[:], .null, ["mail": "x"], ["mail": 1]] {
            await #expect(throws: JobAbandoned.self) { try await handler.run(changed) }
        }
    }

    @Test("the code is in no record, event, line of the log or page, and the address in no record")
    func secrecy() async throws {
        let plugin = try await load()
        let page = try await ask(plugin)
        let queued = try await plugin.host.jobs.queued()
        let kept = try await plugin.host.records.page("mail_code", after: nil, limit: 10)
        let code = try await plugin.code()
        let wrong = try await page.submit(["code": other(code)])
        #expect(queued.count == 1 && kept.count == 1)
        for text in queued.map(\.payload.text) + kept.flatMap({ [$0.key.id, $0.value.text] }) {
            #expect(!text.contains(code) && !text.contains("ann"))
        }
        for shown in [page.page, wrong.page] {
            let text = "\(shown?.values.text ?? "") \(shown?.kept?.text ?? "")"
            #expect(!text.contains(code))
        }
        #expect(!"\(plugin.host.events.recorded) \(plugin.host.log.lines)".contains(code))
        #expect(plugin.host.events.recorded.map(\.kind.rawValue) == ["mail-code.failed"])
    }

    @Test("if the store fails, nobody gets in, and the same form works later")
    func storeFails() async throws {
        let plugin = try await load()
        let page = try await ask(plugin)
        let code = try await plugin.code()
        // The first call reads the code, and the second writes that it was used.
        for skipped in 0..<2 {
            plugin.host.store.fail(after: skipped, count: 1)
            await #expect(throws: StoreError.self) { try await page.submit(["code": code]) }
        }
        #expect(try await enter(code, on: page) == nil)
    }

    @Test("codes have six digits, and each digit is as likely as the others")
    func digits() async throws {
        let plugin = try await load()
        var counts: [Character: Int] = [:]
        for _ in 0..<200 {
            _ = try await ask(plugin)
            for digit in try await plugin.code() { counts[digit, default: 0] += 1 }
            plugin.host.clock.advance(by: .seconds(60))
        }
        #expect(counts.count == 10 && counts.values.reduce(0, +) == 1200)
        #expect(counts.values.allSatisfy { 75...165 ~= $0 }, "\(counts)")
    }

    // MARK: the gateway

    @Test("the gateway of this example takes the mail, and refuses one with another secret")
    func gateway() async throws {
        let mailbox = try Mailbox(secret: "the-secret-of-the-gateway")
        defer { mailbox.stop() }
        var settings = MailCodeTests.settings
        settings["gateway"] = .string("\(mailbox.address)/send")
        let host = TestHost()
        host.users.add(MailCodeTests.ann)
        host.network.respond { request in try await mailbox.take(request) }
        let plugin = try await host.load(MailCode.self, settings: settings)
        let page = try await ask(plugin)
        let code = try await plugin.code()
        let mail = try #require(try await mailbox.mails().first)
        #expect(mail["to"] == "ann.lee@example.com" && mail["text"]?.string?.contains(code) == true)
        #expect(try await enter(code, on: page) == nil)
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

extension TestPlugin {
    /// All mails that were sent.
    fileprivate func mails() throws -> [JSON] {
        try host.network.sent.map { try JSON(parsing: $0.body) }
    }

    /// Sends the mails that are due, and reads the code in the last one.
    fileprivate func code() async throws -> String {
        try await runJobs()
        let text = try #require(try mails().last?["text"]?.string)
        return try #require(text.firstMatch(of: #/[0-9]{6}/#).map { String($0.output) })
    }
}
