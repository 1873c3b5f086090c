// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The rules for steps of sign-in and consent.
enum StepRules {
    static let all: [Rule] =
        [
            Rule(.step, "its name and its fields are words, and none belongs to the server", forEach(names)),
            Rule(.step, "at first it shows a page, refuses or has nothing to ask, and writes nothing", forEach(first)),
            Rule(.step, "the right answers lead to its end", forEach(accepts)),
            Rule(.step, "a user whom it identifies exists and may sign in", forEach(identifies)),
            Rule(.step, "it does not replace the user whom another step has identified", forEach(keepsUser)),
            Rule(.step, "what it attaches is under the id of its plugin", forEach(attaches)),
            Rule(.step, "a verification that is done is not asked for again", forEach(isRemembered)),
            Rule(.step, "a page looks the same whenever it keeps the same", forEach(same)),
            Rule(.step, "a cancelled form ends, and the next one is answered", forEach(cancelled)),
        ] + StepRules.attacks + StepRules.failures

    static func forEach(
        _ check: @escaping @Sendable (StepCase) async throws -> Void
    ) -> @Sendable (PluginUnderTest) async throws -> Void {
        { subject in
            for step in try subject.registry().steps { try await check(StepCase(subject: subject, name: step.name)) }
        }
    }

    /// The names that belong to the forms of the server.
    private static let ownFields = ["state", "csrf", "decision", "scope"]

    private static func names(_ subject: StepCase) async throws {
        let step = try await subject.load().step
        try Word.check(step.name, "step")
        for field in step.fields { try Word.check(field.name, "field") }
        try expect(step.name != "consent", "the step 'consent' is the server's own: choose another name")
        for field in step.fields.map(\.name) {
            try expect(
                !ownFields.contains(field),
                "the field '\(field)' is one of the server's own forms: choose another name")
            let count = step.fields.filter { $0.name == field }.count
            try expect(count == 1, "the field '\(field)' is declared \(count) times")
        }
    }

    // MARK: the good case

    private static func first(_ subject: StepCase) async throws {
        try await checkFirst(subject, "the first request") { try await subject.begin() }
        let (plugin, step) = try await subject.load()
        guard step.phase != .choose else { return }
        // The server's own pages have no client.
        try await checkFirst(subject, "a sign-in for a page of the server") {
            try await plugin.signIn(subject.name, client: .test(id: "", isPublic: true))
        }
    }

    private static func checkFirst(
        _ subject: StepCase, _ what: String, _ begin: () async throws -> TestSignIn
    ) async throws {
        guard let seen = try await subject.see(what, begin) else { return }
        try expect(
            !seen.answered.isProof,
            "nothing was submitted in \(what), and it is done as if the user had proven something")
        guard seen.page != nil, let write = seen.plugin.host.store.written.first else { return }
        throw ConformanceFailure(
            "it wrote to '\(write.key?.collection ?? "")' in \(what): show the page without a write, since anybody can "
                + "load it, and keep what you need in Page.kept")
    }

    private static func accepts(_ subject: StepCase) async throws {
        guard try await !subject.load().step.fields.isEmpty else { return }
        let hint = "with answering(\"\(subject.name)\")"
        guard var seen = try await subject.see("the first request", { try await subject.begin() }) else {
            throw ConformanceFailure("it refuses the first request: begin it so that it shows its page \(hint)")
        }
        try expect(
            seen.page != nil,
            "at first, \(seen.outcome.sentence): begin it so that it shows its page \(hint), with begin:")
        var names: [String] = []
        while seen.page != nil, seen.number < 10 {
            let fields = try await subject.subject.fields(for: seen)
            names = fields.all.map(\.name)
            let page = seen
            guard let next = try await subject.see("the form with \(names)", { try await page.submit(fields) }) else {
                throw ConformanceFailure("it refuses the form with \(names): give the right answers \(hint)")
            }
            seen = next
        }
        let isEnd = seen.result != nil
        try expect(
            isEnd, "after the form with \(names), \(seen.outcome.sentence): give the right answers \(hint)")
    }

    private static func identifies(_ subject: StepCase) async throws {
        guard let seen = try await subject.end(), seen.step.phase == .identify,
            case .done(let result) = seen.answered
        else { return }
        guard case .user(let id)? = result.subject else {
            throw ConformanceFailure("it is done without a user: return StepResult(user:amr:)")
        }
        let user: User? = try await seen.plugin.host.users.find(id)
        try expect(
            user != nil, "it identifies the user '\(id)', whom the directory does not know: use host.users.find")
        try expect(user?.isActive ?? false, "it identifies the user '\(id)', who is not active")
    }

    private static func keepsUser(_ subject: StepCase) async throws {
        guard let seen = try await subject.end(), seen.step.phase != .identify,
            case .done(let result) = seen.answered, let found = result.subject
        else { return }
        try expect(
            found == seen.interaction.subject,
            "it is done for '\(found.id)', but '\(seen.interaction.subject?.id ?? "")' is signed in: leave the subject "
                + "out of the result")
    }

    private static func attaches(_ subject: StepCase) async throws {
        guard let seen = try await subject.end(), case .done(let result) = seen.answered else { return }
        let id = seen.plugin.manifest.id
        let others = result.attachments.keys.filter { $0 != id }.sorted()
        try expect(
            others.isEmpty, "it attaches values under \(others), which may belong to another plugin: use '\(id)'")
    }

    /// Steps of the phase `verify` run with a session too.
    private static func isRemembered(_ subject: StepCase) async throws {
        guard !subject.subject.exceptions.repeatedSteps.contains(subject.name) else { return }
        guard let seen = try await subject.end(), seen.step.phase == .verify, let result = seen.result else { return }
        let before = seen.interaction
        let again = try await subject.see("a second request of the same session") {
            try await seen.plugin.signIn(
                subject.name, client: before.client, policy: before.policy, subject: before.subject,
                amr: before.amr + result.amr, acr: result.acr ?? before.acr)
        }
        try expect(
            again?.isSkipped ?? false,
            "it is done with the methods \(result.amr) and is asked for again in each request of the session: return "
                + "a method in amr, and return .skip if interaction.amr contains it; if each request must be confirmed, say "
                + "so with repeating(\"\(subject.name)\")")
    }

    // MARK: reloads

    private static func same(_ subject: StepCase) async throws {
        let first = try await subject.begin()
        try await checkSame(subject, first)
        for ready in try await subject.pages() {
            try await checkSame(subject, ready.page)
            let wrong = Parameters(ready.page.step.fields.map { ($0.name, StepRules.typed($0.longest)) })
            let seen = try await subject.see("a form with other values") { try await ready.page.submit(wrong) }
            if let seen { try await checkSame(subject, seen) }
        }
        guard first.page != nil else { return }
        let wrong = Parameters(first.step.fields.map { ($0.name, StepRules.typed($0.longest)) })
        if let seen = try await subject.see("a form with other values", { try await first.submit(wrong) }) {
            try await checkSame(subject, seen)
        }
    }

    private static func checkSame(_ subject: StepCase, _ seen: TestSignIn) async throws {
        guard let page = seen.page else { return }
        if let posted = seen.posted {
            try expect(
                isSame(posted, page),
                "it answers a form with the page '\(posted.name)' and the values \(posted.values.text), but the user "
                    + "sees the page '\(page.name)' with \(page.values.text), because the form is answered with a "
                    + "redirect: put what the page shows into Page.kept, and make the values from interaction.kept")
        }
        let writes = seen.plugin.host.store.written.count
        let again = try await subject.see("a reloaded page") { try await seen.reload() }
        let isAlike = again?.page.map { isSame($0, page) } ?? false
        try expect(
            isAlike,
            "the page '\(page.name)' with \(page.values.text) is another one when it is loaded again: make its values "
                + "from interaction.kept only, and keep what was random in Page.kept")
        try expect(
            seen.plugin.host.store.written.count == writes,
            "it writes to the store when the page '\(page.name)' is loaded again")
    }

    private static func isSame(_ one: Page, _ other: Page) -> Bool {
        one.name == other.name && one.values == other.values
    }

    // MARK: cancellation

    private static func cancelled(_ subject: StepCase) async throws {
        guard let ready = try await subject.ready() else { return }
        let isOver = await CancelledTask.result { try await ready.page.submit(ready.fields) }?.result != nil
        let next = try await subject.see("a form after a cancelled one") { try await ready.page.submit(ready.fields) }
        guard !isOver, next?.result == nil else { return }
        throw ConformanceFailure(
            "after a cancelled form, with which the step was not done, the same form does not lead to its end either")
    }

    /// What a check types, to find it again.
    static func typed(_ longest: Int) -> String {
        String(decoding: "zq7wxkv3pj9hy2mtd5".utf8.prefix(max(longest, 0)), as: UTF8.self)
    }
}
