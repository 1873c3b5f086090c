// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StepRules {
    /// The rules about what strangers send.
    static let attacks: [Rule] = [
        Rule(.step, "strange values lead to a page or a refusal, and prove nothing", forEach(strange)),
        Rule(.step, "a secret that is typed is neither kept nor shown", forEach(forgets)),
        Rule(.step, "what it keeps stays small, whatever is typed", forEach(fits)),
        Rule(.step, "a short secret cannot be found by guessing", forEach(guesses)),
        Rule(.step, "an answer that is right once is right once, also a hundred times at once", forEach(atOnce)),
    ]

    /// The length from which a secret needs no count of guesses: 128 bits in base64url.
    private static let unguessable = 22
    private static let short = ["\u{0}", "\u{FFFD}", "<", "'", "{{", "\u{301}", "-1", "é", " ", "\r\n"]

    private static func strange(_ subject: StepCase) async throws {
        try await strangeRequest(subject)
        for ready in try await anyPages(subject) {
            for field in ready.page.step.fields { try await checkStrange(subject, ready, field) }
            try await checkStrangeForm(subject, ready)
        }
    }

    private static func checkStrange(
        _ subject: StepCase, _ ready: StepCase.Ready, _ field: ParameterDeclaration
    ) async throws {
        let mustDiffer = field.isSecret && ready.page.step.phase != .choose
        for text in HostileText.all + short where text.utf8.count <= field.longest {
            ready.forgetGuesses()
            let seen = try await subject.see("a strange '\(field.name)'") {
                try await ready.page.submit(ready.replacing(field.name, with: text))
            }
            try check(seen, "a strange '\(field.name)'", provesNothing: mustDiffer)
        }
    }

    private static func checkStrangeForm(_ subject: StepCase, _ ready: StepCase.Ready) async throws {
        let step = ready.page.step
        for text in HostileText.all + short {
            ready.forgetGuesses()
            let all = Parameters(step.fields.filter { text.utf8.count <= $0.longest }.map { ($0.name, text) })
            let seen = try await subject.see("a form of strange values") { try await ready.page.submit(all) }
            try check(seen, "a form of strange values", provesNothing: step.phase != .choose && !step.fields.isEmpty)
        }
    }

    /// What a client sends reaches the step in the policy.
    private static func strangeRequest(_ subject: StepCase) async throws {
        let plugin = try await subject.load().plugin
        for text in HostileText.all where text.utf8.count <= 256 {
            var policy = InteractionPolicy(limits: AccessLimits(scope: ["read"]))
            (policy.loginHint, policy.languages, policy.acr) = (text, [text], [text])
            let asked = policy
            let seen = try await subject.see("a strange 'login_hint', 'ui_locales' or 'acr_values'") {
                try await plugin.signIn(subject.name, policy: asked)
            }
            try check(seen, "a strange 'login_hint', 'ui_locales' or 'acr_values'", provesNothing: true)
        }
    }

    private static func check(_ seen: TestSignIn?, _ what: String, provesNothing: Bool) throws {
        guard let seen else { return }
        try expect(
            !provesNothing || !seen.answered.isProof,
            "\(what) is taken for the right one: compare it with what is right")
        guard let page = seen.page else { return }
        let places = [page.name] + page.destinations + page.frames + page.values.members.map(\.name)
        try expect(
            places.allSatisfy { !$0.contains(HostileText.mark) },
            "\(what) comes out again in the name, the URLs or the names of values of a page: it must only be a value")
    }

    /// The pages with the right fields; only the first one if the checks do not know them.
    private static func anyPages(_ subject: StepCase) async throws -> [StepCase.Ready] {
        let pages = try await subject.pages()
        guard pages.isEmpty else { return pages }
        let page = try await subject.begin()
        return page.page == nil ? [] : [StepCase.Ready(page: page, fields: [:])]
    }

    private static func forgets(_ subject: StepCase) async throws {
        for ready in try await anyPages(subject) { try await checkForgets(subject, ready) }
    }

    private static func checkForgets(_ subject: StepCase, _ ready: StepCase.Ready) async throws {
        for field in ready.page.step.fields where field.isSecret && field.longest >= 6 {
            let text = typed(field.longest)
            ready.forgetGuesses()
            let seen = try await subject.see("a form with another '\(field.name)'") {
                try await ready.page.submit(ready.replacing(field.name, with: text))
            }
            for page in [seen?.posted, seen?.page].compactMap({ $0 }) {
                try expect(
                    !(page.kept?.text.contains(text) ?? false),
                    "the field '\(field.name)' is a secret, and what was typed is in Page.kept, which goes through the "
                        + "browser: leave it out")
                try expect(
                    !page.values.text.contains(text),
                    "the field '\(field.name)' is a secret, and the page '\(page.name)' shows what was typed: "
                        + "leave it out")
            }
        }
    }

    private static func fits(_ subject: StepCase) async throws {
        for ready in try await anyPages(subject) {
            let fields = ready.page.step.fields
            // A form has at most 64 KiB.
            for longest in [60_000, 2_000, 250] {
                ready.forgetGuesses()
                let each = longest / max(fields.count, 1)
                let form = Parameters(fields.map { ($0.name, String(repeating: "a", count: min($0.longest, each))) })
                _ = try await subject.see("a form with long values") { try await ready.page.submit(form) }
            }
        }
    }

    // MARK: guesses

    private static func guesses(_ subject: StepCase) async throws {
        guard let ready = try await subject.ready(), ready.page.step.phase != .choose else { return }
        let guessed = ready.guessed
        let isShort = guessed.reduce(0) { $0 + $1.value.utf8.count } < unguessable
        guard !guessed.isEmpty, isShort else { return }
        for number in 0..<Many.count {
            let wrong = guessed.reduce(ready.fields) { fields, right in
                fields.replacing(right.name, with: other(than: right.value, number))
            }
            let seen = try await subject.see("a wrong guess") { try await ready.page.submit(wrong) }
            try check(seen, "a wrong guess", provesNothing: true)
        }
        let seen = try await subject.see("the right answer after wrong ones") {
            try await ready.page.submit(ready.fields)
        }
        try expect(
            !(seen?.answered.isProof ?? false),
            "\(Many.count) wrong values of \(guessed.map(\.name)) can be tried one after another, and the right one is "
                + "accepted then: call host.attempts.count before you compare a guess, or let host.users.verify do it")
    }

    /// A value that looks like another one.
    private static func other(than right: String, _ number: Int) -> String {
        let digits = String(100_000 + number)
        let text = String(decoding: digits.utf8.suffix(max(right.utf8.count, 1)), as: UTF8.self)
        return text == right ? text + "x" : text
    }

    /// At once, no more may be accepted than one after another.
    private static func atOnce(_ subject: StepCase) async throws {
        guard let first = try await subject.ready(), let ready = try await subject.ready() else { return }
        var allowed = 0
        for _ in 0..<Many.count {
            let seen = try await subject.see("a repeated form") { try await first.page.submit(first.fields) }
            guard seen?.result != nil else { break }
            allowed += 1
        }
        let ends = try await Many.atOnce { _ in
            try await subject.see("one of many forms at once") { try await ready.page.submit(ready.fields) }
        }
        let accepted = ends.count { $0?.result != nil }
        try expect(
            accepted <= allowed,
            "one answer is accepted \(allowed) times one after another, but \(accepted) times at once: write what is "
                + "used up with .create or .replace(_:ifVersion:), and compare the outcome with .committed")
        try expect(accepted > 0 || allowed == 0, "of \(Many.count) forms at once, none is accepted")
    }
}

extension StepCase.Ready {
    /// The fields that have to be guessed, with their right values: the secrets, or else all.
    fileprivate var guessed: [(name: String, value: String)] {
        let secrets = page.step.fields.filter(\.isSecret).map(\.name)
        let given = fields.all.filter { secrets.contains($0.name) }
        return given.isEmpty ? fields.all : given
    }

    /// The right fields with one value replaced.
    fileprivate func replacing(_ name: String, with value: String) -> Parameters {
        fields.replacing(name, with: value)
    }

    fileprivate func forgetGuesses() {
        host.attempts.forget()
        host.users.forget()
    }
}
