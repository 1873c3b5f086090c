// SPDX-License-Identifier: Apache-2.0

import GrantKit
import MemoryRecords

/// The rules for purposes of interactions.
enum PurposeRules {
    static let all: [Rule] = [
        Rule(.purpose, "it asks for a client that exists, and each time for the same", forEach(asks)),
        Rule(.purpose, "what the user allows is decided, also if the button is pressed twice", forEach(allows)),
        Rule(.purpose, "what the user denies is not what follows if the user allows", forEach(denies)),
        Rule(.purpose, "it writes nothing itself: what it changes is in the writes of its answer", forEach(writes)),
        Rule(.purpose, "it decides the same if the server asks it again before the commit", forEach(sameAgain)),
        Rule(.purpose, "it has one result, whatever other tabs decide", forEach(oneResult)),
        Rule(.purpose, "of many decisions at once, one counts", forEach(atOnce)),
        Rule(.purpose, "its last page has no form", forEach(lastPage)),
        Rule(.purpose, "it decides the same whether or not expired records are purged", forEach(expired)),
        Rule(.purpose, "if the store fails, nothing is decided, and the user can decide later", forEach(storeFails)),
        Rule(.purpose, "a cancelled decision can be repeated", forEach(cancelled)),
    ]

    /// A purpose of a plugin that each check makes for itself.
    private struct Case: Sendable {
        let subject: PluginUnderTest
        let name: String

        /// A plugin with the context of an interaction.
        func begin(records: any Store = MemoryRecords()) async throws -> (plugin: TestPlugin, context: JSON) {
            let plugin = try await subject.load(records: records)
            _ = plugin.client()
            return (plugin, try await subject.context(of: name, plugin))
        }

        func open() async throws -> (plugin: TestPlugin, page: TestApproval) {
            let (plugin, context) = try await begin()
            return (plugin, try plugin.approval(name, context: context))
        }

        func end(_ what: String, _ press: () async throws -> TestDecision) async throws -> Ending {
            try await Ending("\(what) for '\(name)'", press)
        }
    }

    private static func forEach(
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for purpose in try subject.registry().purposes {
                try await check(Case(subject: subject, name: purpose.name))
            }
        }
    }

    // MARK: the request

    private static func asks(_ subject: Case) async throws {
        let (_, page) = try await subject.open()
        for time in ["", " when its page is loaded again"] {
            do {
                _ = try await page.request()
            } catch {
                throw ConformanceFailure("the user cannot be asked for '\(subject.name)'\(time): \(error)")
            }
        }
    }

    // MARK: the decision

    private static func allows(_ subject: Case) async throws {
        let (_, page) = try await subject.open()
        let first = try await subject.end("allowing") { try await page.allow() }
        guard case .shown(let shown, _) = first else {
            throw ConformanceFailure("the user allows '\(subject.name)', and it is \(first): commit what it decides")
        }
        for time in 1...2 {
            let again = try await subject.end("press \(time + 1) of the button") { try await page.allow() }
            guard case .shown(let same, let writes) = again, same == shown, writes == 0 else {
                throw ConformanceFailure(
                    "the button for '\(subject.name)' is pressed again, and it is \(again) instead of \(first)")
            }
        }
    }

    private static func denies(_ subject: Case) async throws {
        let (_, page) = try await subject.open()
        let denied = try await subject.end("denying") { try await page.deny() }
        guard case .shown(let shown, _) = denied else {
            throw ConformanceFailure("the user denies '\(subject.name)', and it is \(denied): show a page")
        }
        let (_, other) = try await subject.open()
        let ending = try await subject.end("allowing") { try await other.allow() }
        guard case .shown(let allowed, _) = ending else { return }
        try expect(
            shown != allowed,
            "the user sees the same page after allowing '\(subject.name)' and after denying it: show another page, or "
                + "the same with another 'kind'")
    }

    private static func writes(_ subject: Case) async throws {
        for isAllowed in [true, false] {
            let (plugin, page) = try await subject.open()
            let before = plugin.host.store.written.count
            _ = try await page.request()
            _ = try await subject.end("a decision") { try await isAllowed ? page.allow() : page.deny() }
            let own = plugin.host.store.written.dropFirst(before)
            try expect(
                own.isEmpty,
                "it wrote to '\(own.first?.key?.collection ?? "")' with host.store.write: return the write in "
                    + "PurposeAnswer.writes, so that it is committed with the session and the consent or not at all")
        }
    }

    /// If a commit meets another request, the purpose is asked again.
    private static func sameAgain(_ subject: Case) async throws {
        let (plugin, context) = try await subject.begin()
        guard let purpose = plugin.registry.purposes.first(where: { $0.name == subject.name }) else { return }
        let page = try plugin.approval(subject.name, context: context)
        let authorization = try await page.authorization(try await page.request(), nil, nil)
        var answers: [PurposeAnswer] = []
        do {
            for _ in 0..<2 { answers.append(try await purpose.approved(authorization, for: context)) }
        } catch {
            let time = answers.isEmpty ? "asked" : "asked again before anything is committed"
            throw ConformanceFailure("'\(subject.name)' is \(time), and throws \(error)")
        }
        let collections = answers.map { $0.writes.map { $0.key?.collection ?? "" } }
        try expect(
            collections[0].elementsEqual(collections[1]) && answers[0].page.name == answers[1].page.name,
            "'\(subject.name)' decides something else when it is asked again before anything is committed: decide by "
                + "what is in the store, and remember nothing")
    }

    private static func oneResult(_ subject: Case) async throws {
        for isAllowed in [true, false] {
            let (plugin, context) = try await subject.begin()
            let tabs = try (0..<2).map { _ in try plugin.approval(subject.name, context: context) }
            let first = try await subject.end("allowing") { try await tabs[0].allow() }
            let second = try await subject.end("a decision in another tab") {
                try await isAllowed ? tabs[1].allow() : tabs[1].deny()
            }
            guard first.writes > 0 else { return }
            try expect(
                second.writes == 0,
                "after the user has allowed '\(subject.name)', another tab can \(isAllowed ? "allow" : "deny") it too: "
                    + "throw PurposeSettled, or an OAuthError, if there is a result")
        }
    }

    private static func atOnce(_ subject: Case) async throws {
        let (plugin, context) = try await subject.begin()
        let endings = try await Many.atOnce { number in
            let tab = try plugin.approval(subject.name, context: context)
            return try await subject.end("one of many decisions at once") {
                try await number % 2 == 0 ? tab.allow() : tab.deny()
            }
        }
        let counted = endings.count { $0.writes > 0 }
        try expect(
            counted <= 1,
            "of \(Many.count) decisions about '\(subject.name)' at once, \(counted) are committed: replace what was read "
                + "with .replace(_:ifVersion:)")
    }

    private static func lastPage(_ subject: Case) async throws {
        for isAllowed in [true, false] {
            let (plugin, page) = try await subject.open()
            guard let decided = try? await (isAllowed ? page.allow() : page.deny()) else { continue }
            let shown = decided.page
            guard let template = plugin.registry.pages.first(where: { $0.name == shown.name }) else { continue }
            try expect(
                !Template(template.template).shown(shown.values).holds("<form"),
                "the page '\(shown.name)' with which '\(subject.name)' ends has a form, which no endpoint accepts: "
                    + "leave the form out with a section such as {{#form}}")
        }
    }

    // MARK: later, and failures

    private static func expired(_ subject: Case) async throws {
        var endings: [String] = []
        for isPurged in [false, true] {
            let (plugin, page) = try await subject.open()
            plugin.host.clock.advance(by: .seconds(86400 * 365 * 10))
            if isPurged { try await plugin.host.store.purge() }
            endings.append(try await subject.end("allowing ten years later") { try await page.allow() }.description)
        }
        try expect(
            endings[0] == endings[1],
            "ten years later, '\(subject.name)' is \(endings[0]) before a purge and \(endings[1]) after it: treat a "
                + "record whose expiresAt is over as if it were not there")
    }

    private static func storeFails(_ subject: Case) async throws {
        let (counted, same) = try await subject.open()
        let before = counted.host.store.calls
        guard case .shown = try await subject.end("allowing", { try await same.allow() }) else { return }
        for skipped in 0..<(counted.host.store.calls - before) {
            let (plugin, page) = try await subject.open()
            plugin.host.store.fail(after: skipped, count: 1)
            try await FailingStore.expectError("its call \(skipped + 1) of the store failed") {
                _ = try await page.allow()
            }
            plugin.host.store.recover()
            let next = try await subject.end("allowing after the store failed") { try await page.allow() }
            guard case .shown = next else {
                throw ConformanceFailure("after the store failed, '\(subject.name)' is \(next)")
            }
        }
    }

    private static func cancelled(_ subject: Case) async throws {
        let (_, fresh) = try await subject.open()
        guard case .shown = try await subject.end("allowing", { try await fresh.allow() }) else { return }
        let (_, page) = try await subject.open()
        let wasDecided = await CancelledTask.result { try await page.allow() } != nil
        let next = try await subject.end("allowing after a cancelled press") { try await page.allow() }
        if case .refused = next, !wasDecided {
            throw ConformanceFailure("after a cancelled press, which decided nothing, '\(subject.name)' is \(next)")
        }
    }
}
