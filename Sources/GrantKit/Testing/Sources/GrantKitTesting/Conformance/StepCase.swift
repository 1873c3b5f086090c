// SPDX-License-Identifier: Apache-2.0

import GrantKit
import MemoryRecords

/// A step of a plugin that each check makes for itself.
struct StepCase: Sendable {
    let subject: PluginUnderTest
    let name: String

    /// The most pages that a check answers.
    private static let most = 10

    /// The last page of a step, and the fields with which the step is done.
    struct Ready: Sendable {
        let page: TestSignIn
        let fields: Parameters

        var host: TestHost { page.plugin.host }
    }

    func load(records: any Store = MemoryRecords()) async throws -> (plugin: TestPlugin, step: any InteractionStep) {
        let plugin = try await subject.load(records: records)
        guard let step = plugin.registry.steps.first(where: { $0.name == name }) else {
            throw ConformanceFailure("the plugin no longer adds the step '\(name)' when it is made again")
        }
        return (plugin, step)
    }

    /// A plugin with the step at its beginning.
    func begin() async throws -> TestSignIn {
        let (plugin, step) = try await load()
        return try await subject.begin(step, of: plugin)
    }

    /// The pages of the step, each with the right fields; empty if these do not lead to its end.
    func pages() async throws -> [Ready] {
        var all: [Ready] = []
        var seen = try await see("the first request") { try await begin() }
        while let page = seen, page.page != nil, all.count < StepCase.most {
            let fields = try await subject.fields(for: page)
            all.append(Ready(page: page, fields: fields))
            seen = try await see("the form with \(fields.all.map(\.name))") { try await page.submit(fields) }
        }
        return seen?.result == nil ? [] : all
    }

    /// The end of the step, as the step itself has decided; nil if the right fields do not lead to it.
    func end() async throws -> TestSignIn? {
        var seen = try await see("the first request") { try await begin() }
        while let page = seen, page.page != nil, page.number < StepCase.most {
            let fields = try await subject.fields(for: page)
            seen = try await see("the form with \(fields.all.map(\.name))") { try await page.submit(fields) }
        }
        return seen?.answered.isDone ?? false ? seen : nil
    }

    /// A fresh plugin with the last page of the step; nil if the right fields do not lead to its end.
    func ready() async throws -> Ready? {
        let count = try await pages().count
        guard count > 0 else { return nil }
        return try await page(count)
    }

    /// A fresh plugin with a page of the step.
    func page(_ number: Int) async throws -> Ready {
        var page = try await begin()
        for _ in 1..<max(number, 1) {
            let fields = try await subject.fields(for: page)
            page = try await page.submit(fields)
        }
        return Ready(page: page, fields: try await subject.fields(for: page))
    }

    /// Loads or submits a page.
    ///
    /// - Returns: The next page or the end; nil if the step has refused with an `OAuthError`.
    /// - Throws: `ConformanceFailure` for every end that a user would see as a failure of the server.
    func see(_ what: String, _ load: () async throws -> TestSignIn) async throws -> TestSignIn? {
        switch try await Result(of: what, load) {
        case .success(let seen):
            if let refusal = seen.refusal { try check(refusal, what) }
            return seen
        case .failure(let error):
            try check(error, what)
            return nil
        }
    }

    private func check(_ refusal: OAuthError, _ what: String) throws {
        try Harmless.check(refusal, what)
        try expect(
            Scope.isWord(refusal.code.rawValue),
            "\(what) is refused with '\(refusal.code.rawValue)', which is not a word")
    }
}

extension StepOutcome {
    /// Whether the step says that a user has proven something.
    var isProof: Bool {
        guard case .done(let result) = self else { return false }
        return result.subject != nil || !result.amr.isEmpty || result.acr != nil
    }

    /// Whether the step is done.
    var isDone: Bool {
        if case .done = self { true } else { false }
    }

    /// What the step did, as the end of a sentence.
    var sentence: String {
        switch self {
        case .skip: "it has nothing to ask"
        case .done: "it is done"
        case .page(let page): "it shows the page '\(page.name)'"
        case .refuse(let error): "it refuses with \(error.code.rawValue) (\(error.reason ?? error.description))"
        @unknown default: "it does something unknown"
        }
    }
}
