// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StepRules {
    /// The rules about failures of what a step depends on.
    static let failures: [Rule] = [
        Rule(.step, "if the store fails, it is neither done nor skipped, and works again later", forEach(storeFails)),
        Rule(.step, "if other servers fail, it shows a page or refuses", forEach(networkFails)),
    ]

    private static func storeFails(_ subject: StepCase) async throws {
        try await storeFailsAtFirst(subject)
        guard let counted = try await subject.ready() else { return }
        let before = counted.host.store.calls
        _ = try await counted.page.submit(counted.fields)
        for skipped in 0..<(counted.host.store.calls - before) {
            guard let ready = try await subject.ready() else { return }
            ready.host.store.fail(after: skipped, count: 1)
            let seen = try await failing(subject, skipped) { try await ready.page.submit(ready.fields) }
            try expect(
                !(seen?.answered.isDone ?? false),
                "its call \(skipped + 1) of the store failed, and it is done nevertheless: let the error through")
            ready.host.store.recover()
            _ = try await subject.see("a form after the store failed") { try await ready.page.submit(ready.fields) }
        }
    }

    /// A second factor must not be left out because nobody can read who has one.
    private static func storeFailsAtFirst(_ subject: StepCase) async throws {
        let (counted, step) = try await subject.load()
        let before = counted.host.store.calls
        let good = try await subject.subject.begin(step, of: counted)
        for skipped in 0..<(counted.host.store.calls - before) {
            let (plugin, step) = try await subject.load()
            plugin.host.store.fail(after: skipped, count: 1)
            let seen = try await failing(subject, skipped) { try await subject.subject.begin(step, of: plugin) }
            guard let seen, good.page != nil else { continue }
            try expect(
                !seen.isSkipped && !seen.answered.isDone,
                "its call \(skipped + 1) of the store failed, and \(seen.answered.sentence), as if there was "
                    + "nothing to ask: let the error through")
        }
    }

    /// - Returns: What the user sees; nil for an error that says that the server cannot continue now.
    private static func failing(
        _ subject: StepCase, _ skipped: Int, _ load: () async throws -> TestSignIn
    ) async throws -> TestSignIn? {
        try await subject.see("a request whose call \(skipped + 1) of the store fails") {
            do {
                return try await load()
            } catch is StoreError {
                throw OAuthError(.temporarilyUnavailable)
            }
        }
    }

    // MARK: other servers

    private static func networkFails(_ subject: StepCase) async throws {
        let pages = try await subject.pages()
        let first = try await subject.begin()
        let sent = first.plugin.host.network.sent.count + (pages.last?.host.network.sent.count ?? 0)
        guard sent > 0 else { return }
        for failure in NetworkFailure.all {
            try await failsAtFirst(subject, failure)
            for number in 1..<(pages.count + 1) { try await failsAtForm(subject, number, failure) }
        }
    }

    private static func failsAtFirst(_ subject: StepCase, _ failure: NetworkFailure) async throws {
        let (plugin, step) = try await subject.load()
        plugin.host.network.respond(failure.answer)
        let seen = try await subject.see("the first request while \(failure.what)") {
            try await subject.subject.begin(step, of: plugin)
        }
        try expect(
            !(seen?.answered.isProof ?? false), "\(failure.what), and it is done as if the user had proven something")
    }

    private static func failsAtForm(_ subject: StepCase, _ number: Int, _ failure: NetworkFailure) async throws {
        let ready = try await subject.page(number)
        let before = ready.host.network.sent.count
        ready.host.network.respond(failure.answer)
        let seen = try await subject.see("a form that is sent while \(failure.what)") {
            try await ready.page.submit(ready.fields)
        }
        guard ready.host.network.sent.count > before, ready.page.step.phase != .choose else { return }
        try expect(
            !(seen?.answered.isProof ?? false), "\(failure.what), and it is done as if the user had proven something")
    }
}
