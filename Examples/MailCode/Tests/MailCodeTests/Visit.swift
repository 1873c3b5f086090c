// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Testing

/// A user who signs in with a browser, as far as the step of the plugin is concerned.
final class Visit {
    let plugin: TestPlugin
    var interaction: Interaction
    /// The page that is shown; nil once the step has ended.
    private(set) var page: Page?

    /// Has typed the password.
    init(_ plugin: TestPlugin, user: String = "ann", languages: [String] = []) {
        self.plugin = plugin
        interaction = Interaction.test(subject: .user(user))
        interaction.amr = ["pwd"]
        interaction.policy.languages = languages
    }

    /// Sends a form, or loads the page again.
    @discardableResult
    func go(_ fields: Parameters = [:]) async throws -> StepOutcome {
        let step = try #require(plugin.registry.steps.first)
        let outcome = try await step.advance(interaction, submitted: fields)
        page = nil
        if case .page(let shown) = outcome {
            page = shown
            interaction.kept = shown.kept
        }
        return outcome
    }

    var problem: String? { page?.values["problem"]?.string }

    /// Types a code; the result is the problem that the page shows, or nil if the code was right.
    func type(in code: String) async throws -> String? {
        guard case .done(let result) = try await go(["code": code]) else { return problem ?? "no problem is shown" }
        #expect(result.amr == ["otp"] && result.subject == nil)
        return nil
    }
}
